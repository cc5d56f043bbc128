// Which locale an app gets for those that it asks for. Stands in for @formatjs/intl-localematcher, for whose caller a locale
// that is not there is the default one: here it is an error that names it, as a page in the wrong language is worse.
import data from "intl:data";

export const DEFAULT_LOCALE = "en-US";

/** What CLDR has data of its own for, and this engine has not. A tag that is not among them falls back by its parts. */
const elsewhere = new Set(data.elsewhere);
/** What a service is called, by the set of its locales; those of `regional` differ from region to region. */
const services = new WeakMap();

/** Names a service, which has these locales. */
export function register(name, available, { regional = false } = {}) {
  services.set(available, { name, regional });
}

/** A tag without its extension for Unicode locales, and the keywords of that. */
export function parse(tag) {
  const privateAt = tag.indexOf("-x-");
  const start = tag.indexOf("-u-");
  if (start < 0 || (privateAt >= 0 && privateAt < start)) return { base: tag, keywords: {} };
  const rest = tag.slice(start + 3);
  // Another extension begins with a letter of its own.
  const next = rest.search(/(?:^|-)[a-z0-9]-/);
  const extension = next < 0 ? rest : rest.slice(0, next);
  const keywords = {};
  let key;
  for (const part of extension.split("-")) {
    if (part.length === 2) keywords[key = part] ??= "";
    else if (key !== undefined) keywords[key] += keywords[key] ? `-${part}` : part;
  }
  return { base: tag.slice(0, start) + (next < 0 ? "" : rest.slice(next)), keywords };
}

function bestAvailable(available, base) {
  const { regional } = services.get(available) ?? {};
  for (let tag = base; tag !== "";) {
    if (available.has(tag)) return tag;
    if (regional && elsewhere.has(tag)) return undefined;
    let end = tag.lastIndexOf("-");
    // A letter of its own goes with what it begins.
    if (end >= 2 && tag[end - 2] === "-") end -= 2;
    tag = tag.slice(0, Math.max(end, 0));
  }
  return undefined;
}

/** `ResolveLocale` of ECMA-402. */
export function ResolveLocale(available, requested, options, keys, localeData, getDefaultLocale) {
  let found;
  let keywords = {};
  for (const tag of requested) {
    const parsed = parse(tag);
    found = /^und\b/.test(tag) ? getDefaultLocale() : bestAvailable(available, parsed.base);
    if (found === undefined) continue;
    ({ keywords } = parsed);
    break;
  }
  if (found === undefined && requested.length > 0) throw missing(available, requested);
  found ??= getDefaultLocale();
  const result = { __proto__: null, dataLocale: found };
  const kept = [];
  for (const key of keys) {
    const values = localeData[found]?.[key] ?? [];
    let [value] = values;
    let keep;
    if (Object.hasOwn(keywords, key)) {
      const asked = keywords[key] || "true";
      if (values.includes(asked)) {
        value = asked;
        keep = asked === "true" ? key : `${key}-${asked}`;
      }
    }
    const option = options[key];
    if (option !== undefined && option !== value && values.includes(option)) {
      value = option;
      keep = undefined;
    }
    if (keep !== undefined) kept.push(keep);
    result[key] = value;
  }
  result.locale = kept.length > 0 ? `${found}-u-${kept.sort().join("-")}` : found;
  return result;
}

function missing(available, requested) {
  const { name } = services.get(available) ?? { name: "Intl" };
  const asked = requested.map((tag) => `"${tag}"`).join(", ");
  const there = [...available].sort().join(", ");
  return new RangeError(`${name} has no data for the locale ${asked}: this engine has ${there}`);
}

/** `LookupSupportedLocales` of ECMA-402. */
export function LookupSupportedLocales(available, requested) {
  const set = available instanceof Set ? available : new Set(available);
  return requested.filter((tag) => bestAvailable(set, parse(tag).base) !== undefined);
}
