// `Intl.supportedValuesOf`: what this engine has.
import data from "intl:data";
import { Intl, define } from "./namespace.js";

const sorted = (values) => [...values].sort();

const SUPPORTED = {
  calendar: ["gregory", "iso8601"],
  collation: [],
  currency: sorted(Object.keys(data.numbers.en.currencies)),
  numberingSystem: sorted(Object.keys(data.digits)),
  timeZone: sorted(new Set(Object.values(data.zones).map((zone) => (/^Etc\/(?:UTC|GMT)$/.test(zone) ? "UTC" : zone)))),
  unit: data.units,
};

const { supportedValuesOf } = class {
  static supportedValuesOf(key) {
    const name = String(key);
    if (!Object.hasOwn(SUPPORTED, name)) throw new RangeError(`Invalid key : ${name}`);
    return [...SUPPORTED[name]];
  }
};
define(Intl, { supportedValuesOf });
