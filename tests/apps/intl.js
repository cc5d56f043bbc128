// What `Intl` and what goes by it give, one line a case. Read by Node too, which is to give the same.
const lines = [];
const parts = {};

/** Notes what a function gives, or the name of what it throws. */
function note(name, make) {
  let result;
  try {
    result = make();
  } catch (error) {
    result = `throws ${error.name}`;
  }
  lines.push(`${name}: ${typeof result === "string" ? result : JSON.stringify(result, (_, value) => (typeof value === "bigint" ? `${value}n` : value))}`);
}

/** An object with its keys in order: in which order an engine lists options is its own affair. */
const inOrder = (options) => Object.fromEntries(Object.entries(options).sort());

const show = (value) =>
  typeof value === "bigint" ? `${value}n` : Object.is(value, -0) ? "-0" : typeof value === "number" ? String(value) : JSON.stringify(value);

function numbers(options, values, locale = "en-US") {
  for (const value of values) {
    note(`number ${locale} ${show(options)} ${show(value)}`, () => new Intl.NumberFormat(locale, options).format(value));
  }
}

const some = [0, -0, 1, -1, 0.5, 1.5, 2.5, 12, 123, 999.995, 1234, 1234.5, -1234.567, 123456.789, 1234567.891, 1e9, 1.5e12, 1e15, 1e21, 0.001234, 1e-7, NaN, Infinity, -Infinity];
const few = [0, 1, -1, 1234.5, -9876543.21, 0.256];

// Numbers ────────────────────────────────────────────────────────────────────────────────────────────────────────────

parts.numbers = () => {
  numbers(undefined, [...some, 12345678901234567890n, -5n, "1234.5", "12345678901234567890.123", true, null, undefined, "x", "", "0x10", "1e3"]);
  numbers({ style: "percent" }, some);
  numbers({ style: "percent", minimumFractionDigits: 1 }, few);
  numbers({ style: "percent", maximumFractionDigits: 2, signDisplay: "always" }, few);
  for (const currency of ["USD", "EUR", "GBP", "JPY", "CHF", "CAD", "INR", "KWD", "BRL", "XAF", "KRW", "usd", "XYZ"]) {
    numbers({ style: "currency", currency }, [1234.5, -0.005]);
  }
  numbers({ style: "currency", currency: "USD" }, some);
  for (const currencyDisplay of ["code", "name", "narrowSymbol", "symbol"]) {
    for (const currency of ["USD", "CAD", "EUR", "JPY"]) {
      numbers({ style: "currency", currency, currencyDisplay }, [1, -1, 1234.5, 2]);
    }
  }
  numbers({ style: "currency", currency: "USD", currencySign: "accounting" }, few);
  numbers({ style: "currency", currency: "USD", currencySign: "accounting", signDisplay: "exceptZero" }, few);
  numbers({ style: "currency", currency: "USD", minimumFractionDigits: 0 }, few);
  numbers({ style: "currency", currency: "USD", maximumFractionDigits: 0 }, few);
  numbers({ style: "currency", currency: "USD", trailingZeroDisplay: "stripIfInteger" }, [1, 1.5, 1.234]);
  numbers({ style: "currency", currency: "USD", notation: "compact" }, [1, 999, 1234, 15500, 1e6, 2.5e9]);
  for (const unitDisplay of ["short", "narrow", "long"]) {
    for (const unit of ["kilometer", "liter", "celsius", "megabyte", "kilometer-per-hour", "mile", "percent", "second", "day", "year", "byte", "inch", "foot", "kilogram", "meter-per-second", "degree", "liter-per-second"]) {
      numbers({ style: "unit", unit, unitDisplay }, [1, 16, -1234.5]);
    }
  }
  for (const compactDisplay of ["short", "long"]) {
    numbers({ notation: "compact", compactDisplay }, [0, 1, 12, 99.9, 123, 999, 999.9, 1000, 1049, 1050, 1500, 9999, 12345, 99950, 123456, 999999, 1e6, 1234567, 1.5e9, 2e12, 9.99e14, 1e15, 1e17, 0.0123, -1500, 1.23456]);
  }
  numbers({ notation: "compact", maximumFractionDigits: 2 }, [1234, 1234567, 12]);
  numbers({ notation: "compact", maximumSignificantDigits: 3 }, [1234, 1234567, 12345]);
  numbers({ notation: "compact", minimumFractionDigits: 1 }, [1234, 1000, 5]);
  numbers({ notation: "scientific" }, [0, 1, 12345, 0.00012, -9.87e20]);
  numbers({ notation: "engineering" }, [0, 1, 12345, 0.00012, -9.87e20]);
  numbers({ notation: "scientific", maximumFractionDigits: 1 }, [12345, 0.00098765]);
  for (const useGrouping of [true, false, "always", "auto", "min2", "true", "false"]) numbers({ useGrouping }, [999, 1234, 12345, 1234567.5]);
  for (const signDisplay of ["auto", "never", "always", "exceptZero", "negative"]) numbers({ signDisplay }, [0, -0, 1, -1, 0.0001, -0.0001, NaN]);
  numbers({ minimumIntegerDigits: 3 }, few);
  numbers({ minimumFractionDigits: 2 }, few);
  numbers({ maximumFractionDigits: 0 }, [0.5, 1.5, 2.5, -0.5, 1234.56]);
  numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 }, [1.005, 1.015, 1.025, 10.235, 8.345, 1234.5, 0]);
  numbers({ minimumFractionDigits: 20 }, [0.1]);
  numbers({ maximumSignificantDigits: 3 }, some);
  numbers({ minimumSignificantDigits: 5 }, few);
  numbers({ minimumSignificantDigits: 2, maximumSignificantDigits: 4 }, few);
  numbers({ maximumSignificantDigits: 2, maximumFractionDigits: 3, roundingPriority: "morePrecision" }, [1.23456, 1234.5678]);
  numbers({ maximumSignificantDigits: 2, maximumFractionDigits: 3, roundingPriority: "lessPrecision" }, [1.23456, 1234.5678]);
  for (const roundingMode of ["ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"]) {
    numbers({ roundingMode, maximumFractionDigits: 0 }, [1.5, 2.5, -1.5, -2.5, 1.2, -1.7]);
  }
  numbers({ roundingIncrement: 5, minimumFractionDigits: 2, maximumFractionDigits: 2 }, [1.23, 1.225, 1.27]);
  numbers({ roundingIncrement: 50, minimumFractionDigits: 0, maximumFractionDigits: 0 }, [1, 24, 25, 75, 1234]);
  numbers({ numberingSystem: "arab" }, [1234.5]);
  numbers(undefined, [1234.5], "en-US-u-nu-deva");
  numbers({ style: "decimal", maximumFractionDigits: 101 }, [1]);
  numbers({ style: "currency" }, [1]);
  numbers({ style: "currency", currency: "US" }, [1]);
  numbers({ style: "unit", unit: "furlong" }, [1]);
  numbers({ style: "unit" }, [1]);
  numbers({ minimumFractionDigits: 5, maximumFractionDigits: 2 }, [1]);
  numbers({ style: "wrong" }, [1]);
  numbers(null, [1]);
  for (const options of [
    undefined,
    { style: "currency", currency: "EUR" },
    { style: "percent" },
    { style: "unit", unit: "mile-per-hour", unitDisplay: "long" },
    { notation: "compact" },
    { notation: "compact", style: "currency", currency: "USD" },
    { maximumSignificantDigits: 3 },
    { useGrouping: false, numberingSystem: "latn" },
    { signDisplay: "exceptZero", minimumIntegerDigits: 2 },
  ]) {
    note(`number options ${show(options)}`, () => inOrder(new Intl.NumberFormat("en-US", options).resolvedOptions()));
    note(`number parts ${show(options)}`, () => [-1234.5, 0, 123456789, NaN].map((value) => new Intl.NumberFormat("en-US", options).formatToParts(value)));
  }
  note("number parts of names", () => new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", currencyDisplay: "name", currencySign: "accounting" }).formatToParts(-2));
  note("number parts of accounting", () => new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", currencySign: "accounting" }).formatToParts(-2));
  note("number parts of scientific", () => new Intl.NumberFormat("en-US", { notation: "scientific" }).formatToParts(-0.000123));
  for (const [options, start, end] of [
    [undefined, 1, 2],
    [undefined, 1000, 2000],
    [undefined, 3, 3],
    [{ style: "currency", currency: "USD" }, 3, 5],
    [{ style: "currency", currency: "USD", maximumFractionDigits: 0 }, 2.9, 3.1],
    [{ style: "currency", currency: "EUR" }, 1e3, 2e6],
    [{ style: "percent" }, 0.1, 0.2],
    [{ style: "unit", unit: "kilometer" }, 5, 10],
    [{ notation: "compact" }, 1e3, 2e6],
    [undefined, -5, 5],
    [undefined, NaN, 5],
    [undefined, 5, -5],
  ]) {
    note(`number range ${show(options)} ${start} ${end}`, () => new Intl.NumberFormat("en-US", options).formatRange(start, end));
    note(`number range parts ${show(options)} ${start} ${end}`, () => new Intl.NumberFormat("en-US", options).formatRangeToParts(start, end));
  }
  note("number is bound", () => [1, 2345].map(new Intl.NumberFormat("en-US").format));
  note("number without new", () => Intl.NumberFormat("en-US").format(1234.5));
  note("number default", () => [new Intl.NumberFormat().format(1234.5), new Intl.NumberFormat().resolvedOptions().locale]);
  for (const value of [0, -0, 5, 999, 1000, -1000, 1234567, 123456789012, 1e15, 1e16, 2 ** 53, 1e21, 1.5, 1234.5678, -0.5, 0.0004, 0.0005, NaN, Infinity, -Infinity]) {
    note(`toLocaleString ${show(value)}`, () => [value.toLocaleString(), value.toLocaleString("en-US"), value.toLocaleString("en-US", { minimumFractionDigits: 2 }), value.toLocaleString(undefined, { style: "currency", currency: "USD" })]);
  }
  // A format that is used again goes a shorter way.
  const again = [0, -0, 0.5, 1.005, -1.005, 1.0005, 0.0005, 0.00049999, 999.9995, 9.995, 0.995, 99.995, 999999.9995, 12345.6789, -12345.6785, 1e11 + 0.125, 123456789012.345, 1e12, 4.35, 1.45, 2.675, 1e-7, 5e-324, -0.0001, 1e20, 8.5, 1234567.0625, NaN, -Infinity];
  for (const options of [{}, { minimumFractionDigits: 2 }, { maximumFractionDigits: 0 }, { maximumFractionDigits: 1 }, { style: "currency", currency: "USD" }, { style: "currency", currency: "USD", currencySign: "accounting" }, { style: "currency", currency: "JPY" }, { style: "currency", currency: "KWD", currencyDisplay: "code" }, { useGrouping: false }, { style: "percent" }, { minimumFractionDigits: 3, maximumFractionDigits: 5 }]) {
    const { format } = new Intl.NumberFormat("en-US", options);
    note(`number again ${show(options)}`, () => [...again, ...again].map(format));
  }
  note("toLocaleString of bigints", () => [123456789012345678901234567890n, -1000n, 0n].map((value) => [value.toLocaleString(), value.toLocaleString("en-US", { style: "currency", currency: "EUR" })]));
  note("toLocaleString of boxes", () => [Object(1234.5).toLocaleString(), Number.prototype.toLocaleString.call(7), Object(10n ** 20n).toLocaleString()]);
  note("toLocaleString of others", () => Number.prototype.toLocaleString.call("7"));
  note("toLocaleString of arrays", () => [[1234.5, null, undefined, "a", [1e6], new Date(0)].toLocaleString(), [1, 2].toLocaleString("en-US", { style: "currency", currency: "USD" }), new Float64Array([1234.5, 2]).toLocaleString(), new BigInt64Array([12345n]).toLocaleString("en-US")]);
};

// Dates ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const days = [Date.UTC(2024, 0, 5, 9, 7, 3, 45), Date.UTC(2023, 11, 31, 23, 59, 59, 999), Date.UTC(2024, 6, 4, 0, 0, 0), Date.UTC(1999, 1, 28, 12, 30)];

function dates(options, values = days, locale = "en-US") {
  for (const value of values) {
    note(`date ${locale} ${show(options)} ${value}`, () => new Intl.DateTimeFormat(locale, options).format(value));
  }
}

const styles = [undefined, "full", "long", "medium", "short"];

const components = [
  { weekday: "long" }, { weekday: "short" }, { weekday: "narrow" },
  { year: "numeric" }, { year: "2-digit" },
  { month: "numeric" }, { month: "2-digit" }, { month: "long" }, { month: "short" }, { month: "narrow" },
  { day: "numeric" }, { day: "2-digit" },
  { hour: "numeric" }, { hour: "2-digit" }, { minute: "numeric" }, { minute: "2-digit" }, { second: "numeric" }, { second: "2-digit" },
  { fractionalSecondDigits: 3 }, { second: "numeric", fractionalSecondDigits: 2 },
  { dayPeriod: "long" }, { dayPeriod: "short", hour: "numeric" }, { dayPeriod: "narrow", hour: "numeric" },
  { era: "long" }, { era: "short", year: "numeric" }, { era: "narrow", year: "numeric", month: "short", day: "numeric" },
  { year: "numeric", month: "long" }, { year: "numeric", month: "short" }, { year: "numeric", month: "numeric" }, { year: "numeric", month: "2-digit" }, { year: "2-digit", month: "2-digit" },
  { month: "long", day: "numeric" }, { month: "short", day: "numeric" }, { month: "numeric", day: "numeric" }, { month: "2-digit", day: "2-digit" }, { month: "short", day: "2-digit" },
  { year: "numeric", month: "long", day: "numeric" }, { year: "numeric", month: "short", day: "numeric" }, { year: "numeric", month: "short", day: "2-digit" }, { year: "numeric", month: "2-digit", day: "2-digit" }, { year: "2-digit", month: "numeric", day: "numeric" }, { year: "2-digit", month: "2-digit", day: "2-digit" },
  { weekday: "long", year: "numeric", month: "long", day: "numeric" }, { weekday: "short", year: "numeric", month: "short", day: "numeric" }, { weekday: "short", month: "short", day: "numeric" }, { weekday: "long", month: "long", day: "numeric" }, { weekday: "short", day: "numeric" }, { weekday: "long", day: "numeric" }, { weekday: "short", month: "numeric", day: "numeric" }, { weekday: "narrow", year: "numeric", month: "numeric", day: "numeric" }, { weekday: "long", year: "numeric", month: "2-digit", day: "2-digit" }, { weekday: "long", month: "short", day: "numeric", year: "numeric" },
  { hour: "numeric", minute: "numeric" }, { hour: "2-digit", minute: "2-digit" }, { hour: "numeric", minute: "2-digit" }, { hour: "numeric", minute: "numeric", second: "numeric" }, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, { minute: "numeric", second: "numeric" }, { minute: "2-digit", second: "2-digit" },
  { hour: "numeric", minute: "numeric", second: "numeric", fractionalSecondDigits: 3 }, { minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 },
  { hour: "numeric", minute: "numeric", hour12: false }, { hour: "2-digit", minute: "2-digit", hour12: false }, { hour: "numeric", hour12: false }, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }, { hour: "numeric", minute: "2-digit", hourCycle: "h23" }, { hour: "numeric", minute: "2-digit", hourCycle: "h24" }, { hour: "numeric", minute: "2-digit", hourCycle: "h11" }, { hour: "numeric", minute: "2-digit", hourCycle: "h12" }, { hour: "2-digit", hourCycle: "h23" }, { hour: "numeric", minute: "2-digit", hour12: true },
  { weekday: "short", hour: "numeric" }, { weekday: "long", hour: "numeric", minute: "2-digit" }, { weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false },
  { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }, { month: "long", day: "numeric", hour: "numeric", minute: "2-digit" }, { month: "numeric", day: "numeric", hour: "numeric", minute: "2-digit" },
  { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }, { year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit" }, { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
  { weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit" }, { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }, { weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
  { timeZoneName: "short" }, { timeZoneName: "long" }, { hour: "numeric", timeZoneName: "short" }, { hour: "numeric", minute: "2-digit", timeZoneName: "short" }, { year: "numeric", month: "short", day: "numeric", timeZoneName: "short" }, { year: "numeric", timeZoneName: "long" },
  { year: "numeric", day: "numeric" }, { year: "numeric", weekday: "long" }, { era: "short", weekday: "long", year: "numeric", month: "long", day: "numeric" }, { month: "long", weekday: "long" }, { day: "numeric", hour: "numeric" },
];

const spans = [[0, 0], [0, 1], [0, 1e3], [0, 6e4], [0, 36e5], [0, 432e5], [0, 864e5], [0, 40 * 864e5], [0, 400 * 864e5]];

parts.dates = () => {
  for (const dateStyle of styles) {
    for (const timeStyle of styles) {
      if (dateStyle || timeStyle) dates({ dateStyle, timeStyle }, days.slice(0, 2));
      if (dateStyle || timeStyle) dates({ dateStyle, timeStyle, timeZone: "America/New_York" }, days.slice(2));
    }
  }
  for (const timeStyle of styles.slice(1)) {
    dates({ timeStyle, hour12: false });
    dates({ timeStyle, hourCycle: "h23" });
    dates({ dateStyle: "short", timeStyle, hourCycle: "h24" });
    dates({ timeStyle, hourCycle: "h11" });
  }
  dates(undefined);
  for (const options of components) dates(options);
  for (const options of components.slice(-30)) dates({ ...options, timeZone: "America/Los_Angeles" }, days.slice(0, 3));
  const zones = ["UTC", "GMT", "Etc/UTC", "America/New_York", "America/Los_Angeles", "America/Chicago", "America/Denver", "America/Phoenix", "America/Sao_Paulo", "America/St_Johns", "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Moscow", "Africa/Cairo", "Africa/Johannesburg", "Asia/Kolkata", "Asia/Calcutta", "Asia/Tokyo", "Asia/Shanghai", "Asia/Kathmandu", "Asia/Dubai", "Asia/Singapore", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Apia", "Pacific/Honolulu", "Etc/GMT+5", "EST", "US/Pacific", "europe/paris"];
  for (const timeZone of zones) {
    dates({ dateStyle: "medium", timeStyle: "medium", timeZone }, [days[0], days[2]]);
    note(`zone ${timeZone}`, () => new Intl.DateTimeFormat("en-US", { timeZone }).resolvedOptions().timeZone);
    for (const timeZoneName of ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"]) {
      dates({ hour: "numeric", timeZone, timeZoneName }, [days[0], days[2]]);
    }
  }
  for (const timeZone of ["Mars/Base", "", "+25:00", "05:00", "America/Nowhere"]) dates({ timeZone }, [days[0]]);
  // At, before and after the changes of New York's clocks, and of times that rules of now do not cover.
  dates({ dateStyle: "short", timeStyle: "long", timeZone: "America/New_York" }, [Date.UTC(2024, 2, 10, 6, 59, 59), Date.UTC(2024, 2, 10, 7), Date.UTC(2024, 10, 3, 5, 59), Date.UTC(2024, 10, 3, 6), Date.UTC(2050, 6, 1), Date.UTC(2100, 0, 1), Date.UTC(1970, 0, 1), Date.UTC(1945, 5, 1), Date.UTC(1900, 0, 1), Date.UTC(1883, 10, 18)]);
  dates({ dateStyle: "short", timeStyle: "long", timeZone: "Europe/London" }, [Date.UTC(1969, 0, 1), Date.UTC(2045, 6, 1), Date.UTC(1850, 0, 1), Date.UTC(1800, 0, 1)]);
  dates({ dateStyle: "full", timeStyle: "medium" }, [0, -1, 8.64e15, -8.64e15, -62135596800000, -62198755200000, 1e12 + 0.5]);
  dates({ year: "numeric", month: "short", day: "numeric", era: "short" }, [-62135596800000, -62198755200000, 0]);
  dates(undefined, [NaN, Infinity, 8.64e15 + 1]);
  dates({ dateStyle: "short", year: "numeric" }, [0]);
  dates({ month: "wrong" }, [0]);
  for (const options of [undefined, { dateStyle: "medium" }, { timeStyle: "short", timeZone: "Asia/Tokyo" }, { dateStyle: "full", timeStyle: "long", hour12: false }, ...components.filter((_, index) => index % 4 === 0)]) {
    note(`date options ${show(options)}`, () => new Intl.DateTimeFormat("en-US", options).resolvedOptions());
    note(`date parts ${show(options)}`, () => new Intl.DateTimeFormat("en-US", options).formatToParts(days[0]));
  }
  for (const options of [undefined, { dateStyle: "medium" }, { dateStyle: "long" }, { dateStyle: "full" }, { dateStyle: "short" }, { timeStyle: "short" }, { dateStyle: "medium", timeStyle: "short" }, { year: "numeric", month: "short", day: "numeric" }, { year: "numeric", month: "long" }, { month: "short", day: "numeric" }, { month: "long", day: "numeric", year: "numeric" }, { hour: "numeric" }, { hour: "numeric", minute: "2-digit" }, { hour: "2-digit", minute: "2-digit", hour12: false }, { weekday: "short", month: "short", day: "numeric" }, { year: "numeric" }, { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" }]) {
    for (const [from, to] of spans) {
      note(`date range ${show(options)} ${to - from}`, () => new Intl.DateTimeFormat("en-US", options).formatRange(days[0] + from, days[0] + to));
    }
    note(`date range parts ${show(options)}`, () => new Intl.DateTimeFormat("en-US", options).formatRangeToParts(days[0], days[0] + 3 * 864e5));
  }
  note("date range of dates", () => new Intl.DateTimeFormat("en-US").formatRange(new Date(days[0]), new Date(days[1])));
  note("date range without an end", () => new Intl.DateTimeFormat("en-US").formatRange(new Date(days[0])));
  note("date range to an invalid date", () => new Intl.DateTimeFormat("en-US").formatRange(0, NaN));
  note("date default", () => { const { locale, calendar, numberingSystem } = new Intl.DateTimeFormat().resolvedOptions(); return [locale, calendar, numberingSystem]; });
  note("date is bound", () => days.map((day) => [day].map(new Intl.DateTimeFormat("en-US", { timeZone: "UTC" }).format)));
  for (const value of [...days, NaN]) {
    const date = new Date(value);
    note(`toLocale of the date ${value}`, () => [
      date.toLocaleString(), date.toLocaleDateString(), date.toLocaleTimeString(), date.toLocaleDateString("en-US"), date.toLocaleTimeString("en-US"),
      date.toLocaleString("en-US", { timeZone: "America/New_York" }),
      date.toLocaleDateString("en-US", { weekday: "long", year: "numeric", month: "long", day: "numeric" }),
      date.toLocaleDateString(undefined, { month: "short", day: "numeric" }),
      date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
      date.toLocaleTimeString("en-US", { hour12: false }),
      date.toLocaleDateString("en-US", { hour: "numeric" }),
      date.toLocaleTimeString("en-US", { timeZoneName: "short" }),
      date.toLocaleString("en-US", { dateStyle: "short" }),
      date.toLocaleString("en-US", { hour: "numeric" }),
    ]);
  }
  note("toLocaleDateString of a time style", () => new Date(0).toLocaleDateString("en-US", { timeStyle: "short" }));
  note("toLocaleTimeString of a date style", () => new Date(0).toLocaleTimeString("en-US", { dateStyle: "short" }));
  note("toLocaleString of no date", () => Date.prototype.toLocaleString.call({}));
};

// Plurals, relative times, lists ─────────────────────────────────────────────────────────────────────────────────────

parts.words = () => {
  for (const type of ["cardinal", "ordinal"]) {
    const rules = new Intl.PluralRules("en-US", { type });
    note(`plural ${type}`, () => [0, 1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111, 1.5, -1, 1e6, NaN, Infinity].map((value) => rules.select(value)));
    note(`plural ${type} options`, () => { const { type, minimumIntegerDigits, maximumFractionDigits, pluralCategories } = rules.resolvedOptions(); return [type, minimumIntegerDigits, maximumFractionDigits, pluralCategories.toSorted()]; });
    note(`plural ${type} ranges`, () => [[0, 1], [1, 2], [1, 1], [5, 21]].map(([start, end]) => rules.selectRange(start, end)));
  }
  note("plural with fractions", () => [1, 2].map((value) => new Intl.PluralRules("en-US", { minimumFractionDigits: 1 }).select(value)));
  note("plural with significant digits", () => [1, 1.2].map((value) => new Intl.PluralRules("en-US", { maximumSignificantDigits: 1 }).select(value)));
  note("plural without new", () => Intl.PluralRules("en-US"));
  for (const [locale, values] of Object.entries({ "ar": [0, 1, 2, 3, 11, 100, 102], "ru": [1, 2, 5, 11, 21, 22, 1.5], "pl": [1, 2, 5, 12, 22], "cy": [0, 1, 2, 3, 6, 7], "ja": [1, 2], "fr": [0, 1, 1.5, 2, 1e6], "de": [1, 2], "lt": [1, 2, 10, 21], "sl": [1, 2, 3, 5, 101], "ga": [1, 2, 3, 7, 11], "he": [1, 2, 10, 20], "pt-BR": [0, 1, 2], "pt-PT": [0, 1, 2], "zh-Hant-TW": [1, 2], "de-AT": [1, 2], "cs": [1, 2, 5, 1.5], "ro": [1, 2, 20, 119] })) {
    for (const type of ["cardinal", "ordinal"]) {
      note(`plural ${locale} ${type}`, () => { const rules = new Intl.PluralRules(locale, { type }); return [rules.resolvedOptions().locale, values.map((value) => rules.select(value)), rules.resolvedOptions().pluralCategories.toSorted()]; });
    }
  }
  for (const style of ["long", "short", "narrow"]) {
    for (const numeric of ["always", "auto"]) {
      const relative = new Intl.RelativeTimeFormat("en-US", { style, numeric });
      for (const unit of ["second", "minutes", "hour", "days", "week", "month", "quarters", "year"]) {
        note(`relative ${style} ${numeric} ${unit}`, () => [-2, -1, -0, 0, 1, 2, 1234.5, -0.5].map((value) => relative.format(value, unit)));
      }
    }
  }
  note("relative parts", () => [new Intl.RelativeTimeFormat("en-US").formatToParts(-1234, "day"), new Intl.RelativeTimeFormat("en-US", { numeric: "auto" }).formatToParts(1, "day"), new Intl.RelativeTimeFormat("en-US").formatToParts(1, "month")]);
  note("relative options", () => [new Intl.RelativeTimeFormat("en-US", { numeric: "auto", style: "short" }).resolvedOptions(), new Intl.RelativeTimeFormat().resolvedOptions()]);
  note("relative wrong unit", () => new Intl.RelativeTimeFormat("en-US").format(1, "decade"));
  note("relative wrong value", () => new Intl.RelativeTimeFormat("en-US").format(Infinity, "day"));
  for (const type of ["conjunction", "disjunction", "unit"]) {
    for (const style of ["long", "short", "narrow"]) {
      const list = new Intl.ListFormat("en-US", { type, style });
      note(`list ${type} ${style}`, () => [[], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]].map((items) => list.format(items)));
      note(`list ${type} ${style} parts`, () => list.formatToParts(new Set(["a", "b", "c"])));
      note(`list ${type} ${style} options`, () => list.resolvedOptions());
    }
  }
  note("list of numbers", () => new Intl.ListFormat("en-US").format([1, 2]));
  note("list of a string", () => new Intl.ListFormat("en-US").format("abc"));
  note("list of nothing", () => new Intl.ListFormat("en-US").format());
};

// Collation and case ─────────────────────────────────────────────────────────────────────────────────────────────────

parts.collation = () => {
  const words = ["résumé", "resume", "Resume", "Résumé", "résume", "a", "A", "á", "Á", "ä", "z", "Z", "ab", "a b", "a-b", "ab1", "ab10", "ab2", "_x", "1", "10", "2", "", " ", "ø", "ß", "ss", "æ", "ae", "日本", "中国", "Ω", "ω", "я", "А", "😀", "-", "co-op", "coop", "CO-OP", "naïve", "naive", "e\u0301", "é", "ﬁ", "fi", "١", "\u0000a", "ñ", "n", "o", "ö", "I", "ı", "İ", "i"];
  for (const options of [undefined, { numeric: true }, { sensitivity: "base" }, { sensitivity: "accent" }, { sensitivity: "case" }, { sensitivity: "variant" }, { caseFirst: "upper" }, { caseFirst: "lower" }, { ignorePunctuation: true }, { numeric: true, sensitivity: "base" }, { usage: "search" }, { usage: "search", sensitivity: "base" }]) {
    const collator = new Intl.Collator("en-US", options);
    note(`collator ${show(options)}`, () => words.toSorted(collator.compare));
    note(`collator ${show(options)} equals`, () => words.flatMap((one, index) => words.slice(index + 1).filter((other) => collator.compare(one, other) === 0).map((other) => `${one}=${other}`)));
    note(`collator ${show(options)} options`, () => collator.resolvedOptions());
  }
  note("collator by tag", () => ["a10", "a9", "A9"].sort(new Intl.Collator("en-US-u-kn-true-kf-upper").compare));
  note("collator by tag options", () => new Intl.Collator("en-US-u-kn-kf-upper").resolvedOptions());
  note("localeCompare", () => [["a", "b"], ["a", "B"], ["b", "A"], ["a", "á"], ["a", "a"], ["a", "A"], ["résumé", "resume"], ["2", "10"], ["e\u0301", "é"], ["", "a"]].map(([one, other]) => [one.localeCompare(other), one.localeCompare(other, "en-US"), one.localeCompare(other, undefined, { sensitivity: "base", numeric: true })]));
  note("localeCompare sorts", () => words.toSorted((one, other) => one.localeCompare(other)));
  note("localeCompare without", () => ["undefined".localeCompare(), "a".localeCompare(), "z".localeCompare(null)]);
  note("localeCompare of nothing", () => String.prototype.localeCompare.call(null, "a"));
  note("case", () => ["ß ŉ ǰ ΐ ﬀ i I İ ı ΑΣ Σ ǅ".toLocaleUpperCase(), "ß ŉ ǰ ΐ ﬀ i I İ ı ΑΣ Σ ǅ".toLocaleLowerCase("en-US"), "iI".toLocaleUpperCase("en"), "iI".toLocaleLowerCase(["en-US"])]);
};

// Locales ────────────────────────────────────────────────────────────────────────────────────────────────────────────

parts.locales = () => {
  for (const tags of ["en-us", ["EN-latn-us", "de-DE", "de-de"], "zh-hant-tw", "sr-cyrl-rs-ekavsk", "en-u-nu-latn-ca-gregory", "iw", "cmn", "art-lojban", "en-US-x-private", "en_US", "", "a", "x-private", "i-klingon", "de-DE-u-co-phonebk", undefined, null, 5, {}, ["en", 5], "en-US-u-ca-gregorian", "hy-arevela", "en-GB-oed"]) {
    note(`canonical ${show(tags)}`, () => Intl.getCanonicalLocales(tags));
  }
  for (const [tag, options] of [["en-US"], ["zh-Hant-TW-u-nu-hanidec-ca-chinese-hc-h23-kn-kf-upper-co-pinyin"], ["en", { region: "GB", calendar: "buddhist", hourCycle: "h12", numeric: true }], ["sr", { script: "Cyrl" }], ["en-Latn-US", { language: "de" }], ["und"], ["en", { language: "x" }], ["e"], [undefined], ["ar-EG"], ["ja"]]) {
    note(`locale ${tag} ${show(options)}`, () => {
      const locale = new Intl.Locale(tag, options);
      const { baseName, calendar, caseFirst, collation, hourCycle, language, numberingSystem, numeric, region, script } = locale;
      return [locale.toString(), { baseName, calendar, caseFirst, collation, hourCycle, language, numberingSystem, numeric, region, script }, locale.maximize().toString(), locale.minimize().toString(), `${locale}`];
    });
  }
  note("locale as an argument", () => new Intl.NumberFormat(new Intl.Locale("en-US")).format(1234.5));
  for (const key of ["calendar", "currency", "numberingSystem", "timeZone", "unit", "wrong"]) {
    note(`supported ${key}`, () => { const all = Intl.supportedValuesOf(key); return ["unit", "numberingSystem"].includes(key) ? all : [all.length > 0, all.join() === all.toSorted().join()]; });
  }
  for (const name of ["NumberFormat", "DateTimeFormat", "PluralRules", "RelativeTimeFormat", "ListFormat", "Collator"]) {
    const constructor = Intl[name];
    note(`${name} supports`, () => [constructor.supportedLocalesOf(["en-US", "en", "xx-invalid1"]), constructor.supportedLocalesOf("en-US-u-nu-latn"), constructor.supportedLocalesOf([]), constructor.supportedLocalesOf()]);
    note(`${name} is`, () => [constructor.name, constructor.length, Object.prototype.toString.call(new constructor("en-US")), constructor.supportedLocalesOf.length, Object.getOwnPropertyNames(constructor).sort(), Object.getOwnPropertyNames(constructor.prototype).sort()]);
    note(`${name} falls back`, () => new constructor(["xx", "en-US"]).resolvedOptions().locale);
    note(`${name} of wrong locales`, () => new constructor("en_US"));
    note(`${name} of no locale`, () => [new constructor(undefined), new constructor([])].map((format) => format.resolvedOptions().locale));
    note(`${name} methods`, () => Object.entries(Object.getOwnPropertyDescriptors(constructor.prototype)).filter(([key]) => key !== "constructor").map(([key, { value, get, writable, enumerable, configurable }]) => [key, value?.name ?? get?.name, value?.length ?? get?.length, writable, enumerable, configurable]).sort());
    note(`${name} extends`, () => { class Mine extends constructor {} return new Mine("en-US") instanceof Mine && new Mine("en-US") instanceof constructor; });
  }
  note("Intl is", () => [Object.prototype.toString.call(Intl), Object.keys(Intl), Object.getOwnPropertyNames(Intl).filter((name) => !["DisplayNames", "DurationFormat", "v8BreakIterator"].includes(name)).sort()]);
  note("functions are", () => [Number.prototype.toLocaleString, BigInt.prototype.toLocaleString, Date.prototype.toLocaleString, Date.prototype.toLocaleDateString, Date.prototype.toLocaleTimeString, String.prototype.localeCompare, String.prototype.toLocaleUpperCase, String.prototype.toLocaleLowerCase, Array.prototype.toLocaleString].map((it) => [it.name, it.length, Object.hasOwn(it, "prototype")]));
};

// Other locales ──────────────────────────────────────────────────────────────────────────────────────────────────────

parts.others = () => {
  for (const locale of ["en", "en-GB", "en-CA", "en-AU", "en-IN", "en-NZ", "en-IE", "de", "de-DE", "fr", "fr-FR", "es", "es-ES", "it", "it-IT", "nl", "nl-NL", "pt", "pt-BR"]) {
    note(`${locale} resolves`, () => [Intl.NumberFormat, Intl.DateTimeFormat, Intl.RelativeTimeFormat, Intl.ListFormat].map((service) => new service(locale).resolvedOptions().locale));
    for (const options of [undefined, { style: "percent" }, { style: "currency", currency: "USD" }, { style: "currency", currency: "EUR" }, { style: "currency", currency: "GBP", currencyDisplay: "name" }, { style: "currency", currency: "CAD", currencySign: "accounting" }, { notation: "compact" }, { notation: "compact", compactDisplay: "long" }, { style: "unit", unit: "kilometer-per-hour", unitDisplay: "long" }, { style: "unit", unit: "liter" }]) {
      numbers(options, [0, 1, -1234.5, 1234567.891, 15300, 1e6], locale);
    }
    for (const dateStyle of styles) {
      for (const timeStyle of styles) {
        if (dateStyle || timeStyle) dates({ dateStyle, timeStyle, timeZone: "America/New_York" }, days.slice(0, 1), locale);
      }
    }
    for (const options of components) dates(options, days.slice(0, 1), locale);
    for (const hour12 of [true, false]) dates({ hour: "numeric", minute: "2-digit", hour12 }, days.slice(2), locale);
    for (const timeZone of ["Europe/London", "Europe/Paris", "Asia/Tokyo", "America/Los_Angeles", "Australia/Sydney", "UTC"]) {
      for (const timeZoneName of ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"]) dates({ hour: "numeric", timeZone, timeZoneName }, days.slice(0, 1), locale);
    }
    for (const options of [undefined, { dateStyle: "medium" }, { dateStyle: "long" }, { year: "numeric", month: "short", day: "numeric" }, { hour: "numeric", minute: "2-digit" }, { month: "long", day: "numeric" }]) {
      for (const [from, to] of spans) note(`${locale} range ${show(options)} ${to - from}`, () => new Intl.DateTimeFormat(locale, options).formatRange(days[0] + from, days[0] + to));
    }
    for (const style of ["long", "short", "narrow"]) {
      const relative = new Intl.RelativeTimeFormat(locale, { style, numeric: "auto" });
      for (const unit of ["second", "hour", "day", "week", "month", "quarter", "year"]) note(`${locale} relative ${style} ${unit}`, () => [-2, -1, 0, 1, 5].map((value) => relative.format(value, unit)));
      for (const type of ["conjunction", "disjunction", "unit"]) note(`${locale} list ${type} ${style}`, () => [["a", "b"], ["a", "b", "c", "i"]].map((items) => new Intl.ListFormat(locale, { type, style }).format(items)));
    }
  }
};

globalThis.render = ({ part }) => {
  lines.length = 0;
  parts[part]();
  return lines.join("\n");
};
