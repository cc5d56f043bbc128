// Formats that are kept for the methods that make one in each call.

/** How many each method keeps. */
const MOST_FORMATS = 64;

/** A function that gives what `make` makes of a locale and options, and makes it once where they are plain. */
export function kept(make) {
  const formats = new Map();
  return (locales, options) => {
    const key = keyOf(locales, options);
    if (key === undefined) return make(locales, options);
    let format = formats.get(key);
    if (format === undefined) {
      format = make(locales, options);
      if (formats.size >= MOST_FORMATS) formats.clear();
      formats.set(key, format);
    }
    return format;
  };
}

/** A string for a locale and options; none if looking at them could be seen, or if it does not say all. */
export function keyOf(locales, options) {
  if (locales !== undefined && typeof locales !== "string") return undefined;
  let key = locales ?? "";
  if (options === undefined) return key;
  if (options === null || typeof options !== "object") return undefined;
  const prototype = Object.getPrototypeOf(options);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  for (const name in options) {
    const property = Object.getOwnPropertyDescriptor(options, name);
    if (property === undefined || property.get !== undefined) return undefined;
    const { value } = property;
    if (!/^(?:string|number|boolean|undefined)$/.test(typeof value)) return undefined;
    key += `\n${name}\n${typeof value}\n${value}`;
  }
  return key;
}
