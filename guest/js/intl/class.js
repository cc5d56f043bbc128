// What the classes of `Intl` that are written here have in common.
import { Intl, define } from "./namespace.js";
import { LookupSupportedLocales } from "./locales.js";

/** What a method's object has for itself. */
export function slotOf(slots, object, method) {
  const slot = slots.get(object);
  if (slot === undefined) throw new TypeError(`Method ${method} called on incompatible receiver ${typeof object === "object" ? Object.prototype.toString.call(object) : String(object)}`);
  return slot;
}

/**
 * Makes a constructor a class of `Intl`: with the methods of `methods`, and `supportedLocalesOf` over `available`, whose
 * options `check` reads.
 */
export function complete(constructor, methods, available, check) {
  const { name, prototype } = constructor;
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(methods.prototype))) {
    if (name !== "constructor") Object.defineProperty(prototype, name, property);
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
  Object.defineProperty(constructor, "prototype", { writable: false });
  define(constructor, {
    supportedLocalesOf: class {
      static supportedLocalesOf(locales, options = undefined) {
        const requested = Intl.getCanonicalLocales(locales);
        if (options !== undefined) check(options);
        return LookupSupportedLocales(available, requested);
      }
    }.supportedLocalesOf,
  });
  define(Intl, { [name]: constructor });
}
