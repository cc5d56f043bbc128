// Numbers, plurals, relative times and lists: the packages of FormatJS, with the data of the locales that are here.
import data from "intl:data";
import { kept } from "./cache.js";
import { Intl, define } from "./namespace.js";
import { DEFAULT_LOCALE, register } from "./locales.js";
import { NumberFormat, internals as numbers } from "@formatjs/intl-numberformat";
import { PluralRules, internals as plurals } from "@formatjs/intl-pluralrules";
import RelativeTimeFormat, { internals as relative } from "@formatjs/intl-relativetimeformat";
import ListFormat, { internals as lists } from "@formatjs/intl-listformat";

define(Intl, { NumberFormat, PluralRules, RelativeTimeFormat, ListFormat });

/** Gives a service of FormatJS its locales. */
function add(name, internals, locales, options) {
  for (const [locale, entry] of Object.entries(locales)) {
    if (typeof entry === "string") continue;
    internals.__addLocaleData({ locale, data: entry });
  }
  for (const [locale, other] of Object.entries(locales)) {
    if (typeof other !== "string") continue;
    internals.localeData[locale] = internals.localeData[other];
    internals.availableLocales.add(locale);
  }
  internals.__defaultLocale = DEFAULT_LOCALE;
  // Plurals go by the language.
  internals.localeData[DEFAULT_LOCALE] ??= internals.localeData.en;
  register(name, internals.availableLocales, options);
}

add("Intl.PluralRules", plurals, data.plurals);
add("Intl.NumberFormat", numbers, data.numbers, { regional: true });
add("Intl.RelativeTimeFormat", relative, data.relative, { regional: true });
add("Intl.ListFormat", lists, data.lists, { regional: true });

delete PluralRules.prototype.toString;

// Made, and asked for what `quick` has to know, when the engine is.
for (const locale of [undefined, DEFAULT_LOCALE]) {
  for (const options of [undefined, { style: "currency", currency: "USD" }]) {
    const { format } = new NumberFormat(locale, options);
    format(1);
    format(1);
  }
}

const formatFor = kept((locales, options) => new NumberFormat(locales, options).format);
const valueOfNumber = Number.prototype.valueOf;
const valueOfBigInt = BigInt.prototype.valueOf;

// Methods of a class are strict: `this` is what it is.
define(Number.prototype, {
  toLocaleString: class {
    static toLocaleString(locales = undefined, options = undefined) {
      const value = Reflect.apply(valueOfNumber, this, []);
      return formatFor(locales, options)(value);
    }
  }.toLocaleString,
});
define(BigInt.prototype, {
  toLocaleString: class {
    static toLocaleString(locales = undefined, options = undefined) {
      const value = Reflect.apply(valueOfBigInt, this, []);
      return formatFor(locales, options)(value);
    }
  }.toLocaleString,
});
