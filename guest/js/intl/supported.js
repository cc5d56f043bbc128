// `Intl.supportedValuesOf`: what this engine has. Stands in for @formatjs/intl-supportedvaluesof, which finds out by trying.
import data from "intl:data";

const sorted = (values) => [...values].sort();

const SUPPORTED = {
  calendar: ["gregory", "iso8601"],
  collation: [],
  currency: sorted(Object.keys(data.numbers.en.currencies)),
  numberingSystem: sorted(Object.keys(data.digits)),
  timeZone: sorted(new Set(Object.values(data.zones).map((zone) => (/^Etc\/(?:UTC|GMT)$/.test(zone) ? "UTC" : zone)))),
  unit: data.units,
};

export const { supportedValuesOf } = class {
  static supportedValuesOf(key) {
    const name = String(key);
    if (!Object.hasOwn(SUPPORTED, name)) throw new RangeError(`Invalid key : ${name}`);
    return [...SUPPORTED[name]];
  }
};
