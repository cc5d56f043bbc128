// How the web's classes are shown by Node's `inspect`: as Node 20 shows its own.
import { createFilteredInspectProxy } from "./inspecting.js";

/** Deno's console asks a value how it is shown by a symbol of its own, Node's by another. */
const [denos, nodes] = ["Deno.privateCustomInspect", "nodejs.util.inspect.custom"].map((name) => Symbol.for(name));

/** Of the classes that show other fields in Node than in Deno, those fields. */
const fields = {
  AbortSignal: ["aborted"],
  Crypto: [],
  File: ["size", "type", "name", "lastModified"],
  Request: [
    "method", "url", "headers", "destination", "referrer", "referrerPolicy", "mode", "credentials", "cache", "redirect", "integrity",
    "keepalive", "isReloadNavigation", "isHistoryNavigation", "signal",
  ],
  Response: ["status", "statusText", "headers", "body", "bodyUsed", "ok", "redirected", "type", "url"],
  URL: [
    "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "searchParams", "hash",
  ],
};

/** Of every event. */
const ofEvents = ["type", "defaultPrevented", "cancelable", "timeStamp"];

/** Gives the classes among the global object's properties what Node's `inspect` asks for. */
export function showClasses(global) {
  const give = (prototype, value) => Object.defineProperty(prototype, nodes, { value, writable: true, configurable: true });
  give(Object.getPrototypeOf(new global.URLSearchParams().entries()), asDenoDoes);
  for (const name of Object.getOwnPropertyNames(global)) {
    const prototype = typeof global[name] === "function" ? global[name].prototype : undefined;
    if (!prototype || !Object.hasOwn(prototype, denos)) continue;
    const shown = prototype === global.Event.prototype || prototype instanceof global.Event ? ofEvents : fields[name];
    give(prototype, name === "DOMException" ? asError : shown ? withFields(shown) : asDenoDoes);
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
  const headline = message === "" ? name : `${name}: ${message}`;
  for (const [key, value] of Object.entries({ name, message, stack: typeof stack === "string" ? stack : headline })) {
    Object.defineProperty(shown, key, { value });
  }
  return Object.defineProperties(shown, Object.fromEntries(Object.entries(Object.getOwnPropertyDescriptors(this))
    .filter(([key]) => !["name", "message", "stack"].includes(key))));
}
