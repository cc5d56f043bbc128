// What build.mjs asks for `Intl`: the packages of FormatJS as they go into the engine, and the data of the locales.
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

/** The locales that numbers, relative times and lists are there for; one that CLDR has no data of its own for names another. */
const LOCALES = {
  en: {}, "en-US": "en", "en-GB": {}, "en-CA": {}, "en-AU": {}, "en-IN": {}, "en-NZ": {}, "en-IE": {}, de: {}, "de-DE": "de", fr: {}, "fr-FR": "fr",
  es: {}, "es-ES": "es", it: {}, "it-IT": "it", nl: {}, "nl-NL": "nl", pt: {}, "pt-BR": "pt",
};

/** The languages whose order is that of the root collation. */
const COLLATIONS = ["de", "en", "en-US", "fr", "ga", "id", "it", "ms", "nl", "pt", "sw", "zu"];

/** A file of a package of npm, as JSON. */
const json = (modules, file) => JSON.parse(fs.readFileSync(path.join(modules, file), "utf8"));

/** What a file of FormatJS's `locale-data` would add. */
function localeData(modules, name, locale) {
  let added;
  const service = { __addLocaleData: (entry) => { added = entry.data; } };
  const Intl = Object.fromEntries(["NumberFormat", "PluralRules", "RelativeTimeFormat", "ListFormat"].map((name) => [name, service]));
  const file = path.join(modules, `@formatjs/intl-${name}/locale-data/${locale}.js`);
  vm.runInNewContext(fs.readFileSync(file, "utf8"), { Intl, JSON });
  return added;
}

/** A script that sets `__bootstrap.intl` to a value, in which what is alike in two places is there once. Functions are their own text. */
function scriptOf(value) {
  const nodes = new Map();
  const visit = (value) => {
    if (value === undefined) return "void 0";
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return JSON.stringify(value);
    const inside = typeof value === "function" ? `(${value})` : Array.isArray(value)
      ? `[${value.map(visit).join(",")}]`
      : `{${Object.entries(value).map(([key, value]) => `${JSON.stringify(key)}:${visit(value)}`).join(",")}}`;
    const node = nodes.get(inside) ?? { name: `_${nodes.size}`, uses: 0 };
    node.uses += 1;
    nodes.set(inside, node);
    return node.name;
  };
  const root = visit(value);
  // A node comes after those inside it.
  const texts = new Map();
  const lines = [];
  for (const [inside, { name, uses }] of nodes) {
    const text = inside.replace(/"(?:[^"\\]|\\.)*"|\b_\d+\b/g, (token) => texts.get(token) ?? token);
    if (uses > 1) lines.push(`const ${name}=${text};`);
    texts.set(name, uses > 1 ? name : text);
  }
  return `(__bootstrap => {\n${lines.join("\n")}\n__bootstrap.intl = ${texts.get(root)};\n})(globalThis.__bootstrap)`;
}

const WIDTHS = ["abbreviated", "wide", "narrow"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS = {
  era: "Era", year: "Year", quarter: "Quarter", month: "Month", week: "Week", weekday: "Day-Of-Week", day: "Day",
  hour: "Hour", minute: "Minute", second: "Second", zone: "Timezone",
};

/** An object with its values changed. */
const map = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));

/** What `Intl.DateTimeFormat` needs of a locale. */
function dates(modules, locale, territories) {
  const main = (file) => json(modules, `cldr-dates-full/main/${locale}/${file}.json`).main[locale].dates;
  const gregorian = main("ca-gregorian").calendars.gregorian;
  const fields = main("dateFields").fields;
  const names = main("timeZoneNames").timeZoneNames;
  const { main: { [locale]: { localeDisplayNames } } } = json(modules, `cldr-localenames-full/main/${locale}/territories.json`);
  const { dayPeriodRuleSet } = json(modules, "cldr-core/supplemental/dayPeriods.json").supplemental;
  const { region } = new Intl.Locale(locale).maximize();
  const { timeData } = json(modules, "cldr-core/supplemental/timeData.json").supplemental;
  const preferred = (timeData[`${locale}-${region}`] ?? timeData[locale] ?? timeData[region] ?? timeData["001"])._preferred;
  const standard = (formats) => ["full", "long", "medium", "short"].map((style) => formats[style]?._value ?? formats[style]);
  const widths = (named, pick) => map(named, (widths) => Object.fromEntries(WIDTHS.map((width) => [width, pick(widths[width])])));
  const { format, "stand-alone": standalone } = gregorian.months;
  const eras = { abbreviated: gregorian.eras.eraAbbr, wide: gregorian.eras.eraNames, narrow: gregorian.eras.eraNarrow };
  const plain = (formats) => Object.fromEntries(Object.entries(formats).filter(([key]) => !/-(?:alt|count)-/.test(key)));
  const hour = (time) => (time === undefined ? undefined : Number(time.split(":")[0]));
  const { intervalFormatFallback, ...intervalFormats } = gregorian.dateTimeFormats.intervalFormats;
  const zone = ({ long, short, exemplarCity }) => (long || short || exemplarCity ? { long, short, exemplarCity } : undefined);
  return {
    region,
    months: widths({ format, standalone }, (names) => Object.values(names)),
    days: widths({ format: gregorian.days.format, standalone: gregorian.days["stand-alone"] }, (names) => DAYS.map((day) => names[day])),
    eras: map(eras, (names) => [names["0"], names["1"]]),
    dayPeriods: Object.fromEntries(WIDTHS.map((width) => [width, plain(gregorian.dayPeriods.format[width])])),
    rules: map(dayPeriodRuleSet[locale] ?? dayPeriodRuleSet[locale.split("-")[0]] ?? {}, ({ _at, _from, _before }) => (_at ? [hour(_at)] : [hour(_from), hour(_before)])),
    dateFormats: standard(gregorian.dateFormats),
    timeFormats: standard(gregorian.timeFormats),
    dateTimeFormats: standard(gregorian.dateTimeFormats),
    atTimeFormats: standard(gregorian["dateTimeFormats-atTime"].standard),
    availableFormats: plain(gregorian.dateTimeFormats.availableFormats),
    appendItems: map(FIELDS, (name) => gregorian.dateTimeFormats.appendItems[name]),
    fieldNames: map(FIELDS, (_, field) => fields[{ zone: "zone", weekday: "weekday" }[field] ?? field]?.displayName),
    intervalFormatFallback,
    intervalFormats: map(intervalFormats, plain),
    decimal: localeData(modules, "numberformat", locale).numbers.symbols.latn.decimal,
    hourCycle: { h: "h12", H: "h23", K: "h11", k: "h24" }[preferred],
    // What `hour12` stands for is what ECMA-402 said until 2023, as in Node 20: 24:00 for midnight in the United States.
    hourCycle12: "HK".includes(preferred) ? "h11" : "h12",
    hourCycle24: "HK".includes(preferred) ? "h23" : "h24",
    gmtFormat: names.gmtFormat,
    hourFormat: names.hourFormat.split(";"),
    regionFormat: names.regionFormat,
    fallbackFormat: names.fallbackFormat,
    zones: Object.fromEntries(flatten(names.zone).map(([id, names]) => [id, zone(names)]).filter(([, names]) => names)),
    metazones: map(names.metazone, zone),
    territories: Object.fromEntries(territories.map((territory) => [territory, localeDisplayNames.territories[territory]])),
  };
}

/** The zones of a tree of them, by their whole names. */
function flatten(tree, prefix = "") {
  return Object.entries(tree).flatMap(([name, node]) => (isZone(node) ? [[prefix + name, node]] : flatten(node, `${prefix}${name}/`)));
}

const isZone = (node) => Array.isArray(node) || node._type === "zone";

/** What CLDR knows of time zones in every language. */
function timeZones(modules) {
  const { metazoneInfo, metazones } = json(modules, "cldr-core/supplemental/metaZones.json").supplemental.metaZones;
  const { primaryZones } = json(modules, "cldr-core/supplemental/primaryZones.json").supplemental;
  const { tz } = json(modules, "cldr-bcp47/bcp47/timezone.json").keyword.u;
  const zones = {};
  const countries = {};
  const cities = {};
  for (const [code, { _alias, _deprecated, _region }] of Object.entries(tz)) {
    if (_alias === undefined || _deprecated) continue;
    const names = _alias.split(" ");
    for (const name of names) zones[name.toLowerCase()] = names[0];
    const country = _region ?? code.slice(0, 2).toUpperCase();
    if (!/^[A-Z]+\/[A-Z]/i.test(names[0]) || names[0].startsWith("Etc/") || country === "UT" || code === "unk") continue;
    countries[names[0]] = country;
    (cities[country] ??= []).push(names[0]);
  }
  // What has no metazone until then has one since 1970.
  const time = (text, otherwise) => (text === undefined ? otherwise : Date.parse(`${text.replace(" ", "T")}:00Z`));
  const groups = flatten(metazoneInfo.timezone)
    .map(([id, uses]) => [id, uses.map(({ usesMetazone: { _mzone, _from, _to } }) => [_mzone, time(_from, 0), time(_to, 1e16)])]);
  return {
    zones,
    countries,
    primaryZones: { ...Object.fromEntries(Object.entries(cities).filter(([, all]) => all.length === 1).map(([country, [only]]) => [country, only])), ...primaryZones },
    metazones: Object.fromEntries(groups),
    references: Object.fromEntries(metazones.map(({ mapZone: { _other, _territory, _type } }) => [`${_other}/${_territory}`, _type])),
  };
}

/** When weeks begin, and when they end, by region. */
function week(modules) {
  const { firstDay, weekendStart, weekendEnd, minDays } = json(modules, "cldr-core/supplemental/weekData.json").supplemental.weekData;
  const plain = (table, change) => Object.fromEntries(Object.entries(table).filter(([key]) => !key.includes("-")).map(([key, value]) => [key, change(value)]));
  // Monday is 1, Sunday 7.
  const number = (day) => DAYS.indexOf(day) || 7;
  const weekend = {};
  for (const region of new Set([...Object.keys(weekendStart), ...Object.keys(weekendEnd)])) {
    const [start, end] = [number(weekendStart[region] ?? weekendStart["001"]), number(weekendEnd[region] ?? weekendEnd["001"])];
    weekend[region] = start === end ? [start] : [start, end];
  }
  return { firstDay: plain(firstDay, number), weekend, minimalDays: plain(minDays, Number) };
}

/** The digits of the numbering systems that only have other digits. */
function digits(modules) {
  const systems = json(modules, "cldr-core/supplemental/numberingSystems.json").supplemental.numberingSystems;
  const numeric = Object.entries(systems).filter(([, { _type }]) => _type === "numeric").map(([name, { _digits }]) => [name, [..._digits]]);
  return { latn: undefined, ...Object.fromEntries(numeric.filter(([name]) => name !== "latn")) };
}

/** A script with the data, for the module `intl:data` to be. */
export function data(modules) {
  const service = (name) =>
    Object.fromEntries(Object.entries(LOCALES).map(([locale, other]) => [locale, typeof other === "string" ? other : localeData(modules, name, locale)]));
  const ours = new Set(Object.keys(LOCALES));
  const languages = new Set([...ours].map((locale) => locale.split("-")[0]));
  const every = json(modules, "cldr-core/availableLocales.json").availableLocales.full;
  // Where only one script is written in a region, its tag goes without it as well.
  const elsewhere = every.flatMap((tag) => [tag, tag.replace(/^([a-z]+)-[A-Z][a-z]{3}-/, "$1-")])
    .filter((tag) => languages.has(tag.split("-")[0]) && !ours.has(tag));
  const plurals = fs.readdirSync(path.join(modules, "@formatjs/intl-pluralrules/locale-data"))
    .filter((file) => file.endsWith(".js")).map((file) => file.slice(0, -3));
  const zones = timeZones(modules);
  const territories = Object.keys(zones.primaryZones);
  return scriptOf({
    ...zones,
    elsewhere: [...new Set(elsewhere)],
    languages: [...new Set(every.map((tag) => tag.split("-")[0]))].filter((tag) => tag !== "und"),
    digits: digits(modules),
    units: Object.keys(localeData(modules, "numberformat", "en").units.simple).filter((unit) => !unit.includes("-per-")).sort(),
    collations: COLLATIONS,
    week: week(modules),
    calendars: Object.keys(json(modules, "cldr-core/supplemental/calendarData.json").supplemental.calendarData),
    dates: Object.fromEntries(Object.entries(LOCALES).map(([locale, other]) => [locale, typeof other === "string" ? other : dates(modules, locale, territories)])),
    numbers: service("numberformat"),
    relative: service("relativetimeformat"),
    lists: service("listformat"),
    plurals: Object.fromEntries(plurals.map((locale) => [locale, localeData(modules, "pluralrules", locale)])),
  });
}

/** What the constructors of FormatJS keep as properties of theirs. */
const INTERNALS = "__addLocaleData|__addUnitData|__defaultLocale|__INTERNAL_SLOT_MAP__|localeData|availableLocales|getDefaultLocale|relevantExtensionKeys|polyfilled";

/** A module of FormatJS without what an app should not see, with our `Intl`, and without tables that locales.js replaces. */
export function formatjs(text, file, replace, here) {
  const name = { numberformat: "NumberFormat", pluralrules: "PluralRules", relativetimeformat: "RelativeTimeFormat", listformat: "ListFormat" }[/intl-(\w+)/.exec(file)[1]];
  text = `import { Intl } from ${JSON.stringify(path.join(here, "intl/namespace.js"))};\n${text.replace(/\n\/\/# sourceMappingURL.*/, "")}`;
  if (name === undefined) return text;
  text = text.replace(/const defaultContent = \{[^]*?\n\};/, "const defaultContent = {};");
  text = text.replace(new RegExp(`\\b${name}\\.(${INTERNALS})\\b`, "g"), "internals.$1");
  if (name === "NumberFormat" || name === "PluralRules") {
    const fixed = "function ToRawFixed(x, minFraction, maxFraction, roundingIncrement, unsignedRoundingMode) {";
    const precision = "function ToRawPrecision(x, minPrecision, maxPrecision, unsignedRoundingMode) {";
    text = `import { toRawFixed, toRawPrecision } from ${JSON.stringify(path.join(here, "intl/rounding.js"))};\n${text}`;
    text = replace(text, fixed, `${fixed}\nif (roundingIncrement === 1) return toRawFixed(x, minFraction, maxFraction, unsignedRoundingMode);`, file);
    text = replace(text, precision, `${precision}\nreturn toRawPrecision(x, minPrecision, maxPrecision, unsignedRoundingMode);`, file);
  }
  if (name === "ListFormat") text = replace(text, "const { localeData } = ListFormat;", "const { localeData } = internals;", file);
  if (name === "NumberFormat") {
    // A format that was made before with the same plain options is like that one.
    const initialize = "\tInitializeNumberFormat(this, locales, options, {";
    const pairs = `const known = recall(locales, options);
if (known.slots !== undefined) {
  const slots = Object.create(known.slots);
  slots.boundFormat = undefined;
  internalSlotMap.set(this, slots);
  return this;
}
`;
    text = `import { quick, recall, remember } from ${JSON.stringify(path.join(here, "intl/quick.js"))};\n${text}`;
    text = replace(text, initialize, pairs + initialize, file);
    text = replace(text, "\tinternalSlots.pl = createMemoizedPluralRules(", "\tremember(known, internalSlots);\n\tinternalSlots.pl = createMemoizedPluralRules(", file);
    const long = (value) => `PartitionNumberPattern(internalSlots, ToIntlMathematicalValue(${value}))`;
    text = replace(
      text,
      "boundFormat = (value) => FormatNumeric(",
      `boundFormat = (value) => (typeof value === "number" ? quick(internalSlots, value, (value) => ${long("value")}) : undefined) ?? FormatNumeric(`,
      file,
    );
    text = replace(text, "Array.from(availableLocales), requestedLocales, opt", "availableLocales, requestedLocales, opt", file);
    // As ICU does: between a currency and what is no digit there is no space, what is left of a compact number has groups, and a range has spaces where its start has a sign or the like.
    text = replace(text, "if (afterCurrency &&", "if (afterCurrency && numberResult.roundedNumber.isFinite() &&", file);
    text = replace(text, "if (beforeCurrency &&", "if (beforeCurrency && numberResult.roundedNumber.isFinite() &&", file);
    text = replace(text, "!compactNumberPattern && (options.useGrouping ?? true)", "options.useGrouping ?? true", file);
    // A range has its unit once, as its end has it, and what is thousands or millions alike.
    text = replace(text, "part.value === b[i].value)", "(part.value === b[i].value || part.type === \"unit\" || part.type === \"currency\"))", file);
    text = replace(text, "a.map((part) => part.value).join(\"\")).length > 1 ||", "a.map((part) => part.value).join(\"\")).length > 1 || a.some((part) => part.type === \"unit\") ||", file);
    text = replace(text, "const AFFIX_TYPES = /* @__PURE__ */ new Set([", "const AFFIX_TYPES = /* @__PURE__ */ new Set([\"compact\", ", file);
    // The power of ten is compared as a text, and one below 1 has another one.
    text = replace(text, "let magnitudeKey = String(10 ** magnitude);", "if (magnitude < 0) return null;\nlet magnitudeKey = String(10 ** magnitude);", file);
    text = replace(text, "const num = getPowerOf10(magnitude).toString();", "if (magnitude.lessThan(0)) return 0;\nconst num = getPowerOf10(magnitude).toString();", file);
    text = replace(
      text,
      "(!DIGIT_TYPES.has(start[start.length - 1].type) || !DIGIT_TYPES.has(end[0].type))",
      "start.some(({ type }) => AFFIX_TYPES.has(type) || type === \"compact\")",
      file,
    );
  }
  text = text.replaceAll("LookupSupportedLocales(Array.from(availableLocales),", "LookupSupportedLocales(availableLocales,");
  return `export const internals = {};\n${text}
for (const key of Object.getOwnPropertyNames(${name})) {
  if (!/^(?:${INTERNALS})$/.test(key)) continue;
  Object.defineProperty(internals, key, Object.getOwnPropertyDescriptor(${name}, key));
  delete ${name}[key];
}`;
}
