// `console` (https://console.spec.whatwg.org/): values are shown as Node shows them, and a finished text goes to the host.
//
// A console never throws but where its standard says so (a label that is no string), and what it writes is bounded,
// whatever it is given.
import { formatWithOptions, inspect } from "./inspecting.js";
import { table } from "./table.js";

const { native } = globalThis.__bootstrap;

/** How many UTF-16 units one call may write: above what a host keeps by default for a whole render. */
const MOST_TEXT = 256 * 1024;
/** How many labels `count` and `time` remember. */
const MOST_LABELS = 1000;

function cut(text) {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}

/** What `inspect` is to count for a console, so that it ends with what a line may have. */
const BOUNDED = { used: 0 };

/** The arguments of a call as one text. */
function format(values) {
  const bounded = values.map((value) => typeof value === "string" ? cut(value) : value);
  try {
    return formatWithOptions(BOUNDED, ...bounded);
  } catch {
    // One of them cannot be shown, and the others can.
    return formatWithOptions(BOUNDED, ...bounded.map((value) => isObject(value) ? { [inspect.custom]: () => show(value) } : value));
  }
}

/** Options whose lengths without an end are that of a line. */
function bound(options) {
  const { maxArrayLength = 100, maxStringLength = 10000, ...rest } = options ?? {};
  const most = (length) => Math.min(length ?? Infinity, MOST_TEXT);
  return { ...rest, maxArrayLength: most(maxArrayLength), maxStringLength: most(maxStringLength) };
}

const isObject = (value) => typeof value === "function" || typeof value === "object" && value !== null;

/** One value, or why it cannot be shown. */
function show(value, options = () => ({})) {
  try {
    return inspect(value, { ...options(), ...BOUNDED });
  } catch (error) {
    return `[a value that cannot be shown: ${native.headline(error)}]`;
  }
}

/** The label of a count or a timer, as Web IDL converts it. */
function named(label) {
  return cut(label === undefined ? "default" : `${label}`);
}

function remember(labels, label, value) {
  if (labels.size >= MOST_LABELS && !labels.has(label)) labels.clear();
  labels.set(label, value);
}

/** A duration as Node writes it. */
function duration(milliseconds) {
  if (milliseconds < 1000) return `${Number(milliseconds.toPrecision(4))}ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(3)}s`;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return `${minutes}:${rest.toFixed(3).padStart(6, "0")} (m:ss.mmm)`;
}

/** What one console has; `put` writes a level's text at the depth of its groups. */
function operationsOf(put) {
  const counts = new Map();
  const timers = new Map();
  let depth = 0;

  const print = (level, text) => put(level, cut(text), depth);
  const write = (level, values) => print(level, format(values));

  function elapsed(label, values) {
    const start = timers.get(label);
    if (start === undefined) return write("warn", [`Timer '${label}' does not exist`]);
    const rest = values.length > 0 ? ` ${format(values)}` : "";
    print("info", `${label}: ${duration((native.sinceOrigin() - start) / 1e6)}${rest}`);
  }

  const operations = {
    assert(condition = false, ...data) {
      if (condition) return;
      if (typeof data[0] === "string") data[0] = `Assertion failed: ${data[0]}`;
      else data.unshift("Assertion failed");
      write("error", data);
    },
    clear() {},
    debug: (...data) => write("debug", data),
    error: (...data) => write("error", data),
    info: (...data) => write("info", data),
    log: (...data) => write("log", data),
    table(data = undefined, columns = undefined) {
      let text;
      try {
        text = table(data, isObject(columns) ? Array.from(columns, (name) => cut(`${name}`)) : undefined);
      } catch (error) {
        text = `[a table that cannot be shown: ${native.headline(error)}]`;
      }
      if (text === undefined) write("log", [data]);
      else print("log", text);
    },
    trace: (...data) => print("log", `Trace${data.length > 0 ? `: ${format(data)}` : ""}\n${native.stack()}`.trimEnd()),
    warn: (...data) => write("warn", data),
    dir(item = undefined, options = undefined) {
      print("log", show(item, () => ({ customInspect: false, ...bound(options) })));
    },
    dirxml: (...data) => write("log", data),

    count(label = "default") {
      label = named(label);
      const count = (counts.get(label) ?? 0) + 1;
      remember(counts, label, count);
      print("info", `${label}: ${count}`);
    },
    countReset(label = "default") {
      label = named(label);
      if (!counts.delete(label)) print("warn", `Count for '${label}' does not exist`);
    },

    group(...data) {
      if (data.length > 0) write("log", data);
      depth += 1;
    },
    groupCollapsed(...data) {
      if (data.length > 0) write("log", data);
      depth += 1;
    },
    groupEnd() {
      if (depth > 0) depth -= 1;
    },

    time(label = "default") {
      label = named(label);
      native.clockIsRead("console.time()");
      if (timers.has(label)) print("warn", `Timer '${label}' already exists`);
      else remember(timers, label, native.sinceOrigin());
    },
    timeLog(label = "default", ...data) {
      elapsed(named(label), data);
    },
    timeEnd(label = "default") {
      label = named(label);
      elapsed(label, []);
      timers.delete(label);
    },

    // There is no inspector that would show them.
    profile() {},
    profileEnd() {},
    timeStamp() {},
  };

  /** Closes the groups, and forgets the timers. */
  const renew = () => {
    depth = 0;
    timers.clear();
  };
  return { operations, renew };
}

const { operations, renew } = operationsOf(native.write);

/** Closes the groups that the top level opened, and forgets its timers, which the build's clock started. */
export const renewConsole = renew;

const ofErrors = ["error", "warn"];

/** Node's class: a console whose lines go to streams. */
function Console(stdout, stderr) {
  if (new.target === undefined) return new Console(stdout, stderr);
  const isStream = (value) => typeof value?.write === "function";
  if (!isStream(stdout)) ({ stdout, stderr } = stdout ?? {});
  stderr ??= stdout;
  for (const [name, stream] of [["stdout", stdout], ["stderr", stderr]]) {
    if (isStream(stream)) continue;
    const message = `Console expects a writable stream instance for ${name}`;
    throw Object.assign(new TypeError(message), { code: "ERR_CONSOLE_WRITABLE_STREAM" });
  }
  const { operations } = operationsOf((level, text, depth) => {
    const indented = depth === 0 ? text : text.replace(/^/gm, "  ".repeat(depth));
    (ofErrors.includes(level) ? stderr : stdout).write(`${indented}\n`);
  });
  Object.assign(this, operations);
}
const { [Symbol.hasInstance]: isInstance } = Function.prototype;
Object.defineProperty(Console, Symbol.hasInstance, { value: (value) => value === console || Reflect.apply(isInstance, Console, [value]) });

// A namespace object whose prototype is an empty object of its own, for historical reasons.
export const console = Object.create({});
Object.assign(console, operations, { Console });
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
