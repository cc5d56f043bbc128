// The object `Intl`, by which its parts find each other whatever an app does to the global of that name.
export const Intl = {};

Object.defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });

/** Defines properties as the standard has them: writable, configurable, and not enumerable. */
export function define(target, values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
