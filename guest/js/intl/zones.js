// Time zones: their names in CLDR, and their offsets in the database of IANA, which src/web/zones.rs has.
import data from "intl:data";
import { join } from "./patterns.js";

const { native } = globalThis.__bootstrap;

export const DEFAULT_ZONE = { name: "UTC", id: "Etc/UTC", offset: undefined };

const OFFSET = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/;

/** The zone of that name or offset. */
export function canonicalZone(name) {
  const [, sign, hours, minutes = "00"] = OFFSET.exec(name) ?? [];
  if (sign !== undefined) {
    const offset = (sign === "-" ? -60 : 60) * (hours * 60 + Number(minutes));
    return { name: `${offset === 0 ? "+" : sign}${hours}:${minutes}`, id: undefined, offset };
  }
  const id = data.zones[name.toLowerCase()];
  if (id === undefined) throw new RangeError(`Invalid time zone specified: ${name}`);
  if (id === "Etc/UTC" || id === "Etc/GMT") return DEFAULT_ZONE;
  return { name: id, id, offset: undefined };
}

/** How many seconds a zone's clocks are ahead of UTC at a time, and whether that is for the summer. */
export function offsetAt({ id, offset }, time) {
  if (offset !== undefined) return { offset, isDaylight: false };
  if (id === "Etc/UTC") return { offset: 0, isDaylight: false };
  const packed = native.zoneAt(id, time);
  return { offset: packed >> 1, isDaylight: (packed & 1) === 1 };
}

/** A zone's name at a time, for the letters `z`, `O` and `v` of a pattern. */
export function zoneName(locale, letter, length, { time, zone, offset, isDaylight }) {
  const width = length < 4 ? "short" : "long";
  let name;
  if (zone.id !== undefined && letter === "z") name = specificName(locale, width, zone, time, isDaylight);
  if (zone.id !== undefined && letter === "v") name = genericName(locale, width, zone, time, offset, isDaylight);
  return name ?? offsetName(locale, width, offset);
}

function offsetName({ gmtFormat, hourFormat }, width, offset) {
  const pattern = hourFormat[offset < 0 ? 1 : 0];
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(Math.abs(offset) / 3600), Math.floor(Math.abs(offset) / 60) % 60, Math.abs(offset) % 60];
  const isLong = width === "long";
  const separator = /H+([^Hm]*)m/.exec(pattern)[1];
  let text = isLong ? two(hours) : String(hours);
  if (isLong || minutes !== 0 || seconds !== 0) text += separator + two(minutes);
  if (seconds !== 0) text += separator + two(seconds);
  return join(gmtFormat, pattern.replace(/H.*m/, text));
}

/** What CLDR calls the group of zones that a zone is in at a time. */
function metazone({ id }, time) {
  return data.metazones[id]?.find(([, from, to]) => time >= from && time < to)?.[0];
}

function specificName({ zones, metazones }, width, zone, time, isDaylight) {
  const kind = isDaylight ? "daylight" : "standard";
  return zones[zone.id]?.[width]?.[kind] ?? metazones[metazone(zone, time)]?.[width]?.[kind];
}

function genericName(locale, width, zone, time, offset, isDaylight) {
  return nonLocationName(locale, width, zone, time, offset, isDaylight) ?? locationName(locale, zone);
}

function nonLocationName(locale, width, zone, time, offset, isDaylight) {
  const own = locale.zones[zone.id]?.[width]?.generic;
  if (own !== undefined) return own;
  const group = metazone(zone, time);
  if (group === undefined) return undefined;
  const generic = locale.metazones[group]?.[width]?.generic;
  if (!isDaylight && !native.zoneHasSummer(zone.id, time)) {
    const standard = specificName(locale, width, zone, time, false);
    if (standard !== undefined && standard.toLowerCase() !== generic?.toLowerCase()) return standard;
  }
  if (generic === undefined) return undefined;
  const reference = data.references[`${group}/${locale.region}`] ?? data.references[`${group}/001`];
  if (reference === undefined || reference === zone.id) return generic;
  // A wall clock that is not that of the group's zone is told apart.
  const packed = native.zoneAt(reference, time);
  if (packed >> 1 === offset && ((packed & 1) === 1) === isDaylight) return generic;
  const country = data.countries[zone.id];
  const isReference = country !== undefined && data.references[`${group}/${country}`] === zone.id;
  return join(locale.fallbackFormat, isReference ? locale.territories[country] ?? country : city(locale, zone), generic);
}

function city({ zones }, { id }) {
  return zones[id]?.exemplarCity ?? id.slice(id.lastIndexOf("/") + 1).replaceAll("_", " ");
}

/** The name of a zone by its country, if it is the country's one, else by its city. */
function locationName(locale, zone) {
  const country = data.countries[zone.id];
  if (country === undefined) return undefined;
  const isOnly = data.primaryZones[country] === zone.id;
  return join(locale.regionFormat, isOnly ? locale.territories[country] ?? country : city(locale, zone));
}
