// How the web's classes are shown by Node's `inspect`: as Node 20 shows its own.
import { createFilteredInspectProxy } from "./inspecting.js";

/** Deno's console asks a value how it is shown by a symbol of its own, Node's by another. */
const [denos, nodes] = ["Deno.privateCustomInspect", "nodejs.util.inspect.custom"].map((name) => Symbol.for(name));

/** Of the classes that show other fields in Node than in Deno, those fields. */
const fields = {
  AbortSignal: ["aborted"],
  Request: [
    "method", "url", "headers", "destination", "referrer", "referrerPolicy", "mode", "credentials", "cache", "redirect", "integrity",
    "keepalive", "signal",
  ],
  Response: ["status", "statusText", "headers", "body", "bodyUsed", "ok", "redirected", "type", "url"],
  URL: [
    "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "searchParams", "hash",
  ],
};

/** Gives the classes among the global object's properties what Node's `inspect` asks for. */
export function showClasses(global) {
  for (const name of Object.getOwnPropertyNames(global)) {
    const prototype = typeof global[name] === "function" ? global[name].prototype : undefined;
    if (!prototype || !Object.hasOwn(prototype, denos)) continue;
    const show = name === "DOMException" ? asError : fields[name] ? withFields(fields[name]) : asDenoDoes;
    Object.defineProperty(prototype, nodes, { value: show, writable: true, configurable: true });
  }
}

function asDenoDoes(_depth, options, inspect) {
  return this[denos](inspect, options);
}

function withFields(names) {
  return function (depth) {
    try {
      const shown = createFilteredInspectProxy({ object: this, evaluate: false });
      if (depth === null || depth >= 0) for (const name of names) if (name in this) shown[name] = this[name];
      return shown;
    } catch {
      // It only inherits from what has the fields.
      return this;
    }
  };
}

/** An error of the same class, without what Deno's keeps in it. */
function asError() {
  if (!Object.hasOwn(this, Symbol.for("Deno.core.hostObject"))) return this;
  const shown = new Error();
  const prototype = Object.create(Object.getPrototypeOf(this), { [nodes]: { value: undefined } });
  Object.setPrototypeOf(shown, prototype);
  const { name, message, stack } = this;
  const frames = typeof stack === "string" ? /(?:^|\n)(    at (?!construct \(native\))[^]*)/.exec(stack)?.[1] : undefined;
  const headline = message === "" ? name : `${name}: ${message}`;
  for (const [key, value] of Object.entries({ name, message, stack: frames === undefined ? headline : `${headline}\n${frames}` })) {
    Object.defineProperty(shown, key, { value });
  }
  return Object.defineProperties(shown, Object.fromEntries(Object.entries(Object.getOwnPropertyDescriptors(this))
    .filter(([key]) => !["name", "message", "stack"].includes(key))));
}
