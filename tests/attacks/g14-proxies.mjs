// G14: proxies where the engine, the web's classes and the host expect plain things. Each operation of theirs may then run code, throw,
// lie about lengths and names, or find its object gone.
const hostile = (make = (name) => new TypeError(`trap ${String(name)}`)) =>
  new Proxy(
    () => {},
    new Proxy(
      {},
      {
        get: (_, name) => () => {
          throw make(name);
        },
      },
    ),
  );
const revoked = (target = () => {}) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
/** Calls each with the value; each may throw a TypeError, or what the traps throw, and nothing else. */
const survives = (value, calls) => {
  for (const [name, call] of Object.entries(calls)) {
    try {
      call(value);
    } catch (error) {
      if (!(
        error instanceof TypeError ||
        error instanceof RangeError ||
        error instanceof SyntaxError ||
        error instanceof DOMException ||
        error instanceof InternalError
      ))
        return `${name}: ${error}`;
    }
  }
};
const calls = {
  Response: (value) => new Response(value),
  "Response's options": (value) => new Response("", value),
  "Response.json": (value) => Response.json(value),
  Request: (value) => new Request(value),
  "Request's options": (value) => new Request("http://a/", value),
  Headers: (value) => new Headers(value),
  URL: (value) => new URL(value),
  "URL's base": (value) => new URL("x", value),
  URLSearchParams: (value) => new URLSearchParams(value),
  URLPattern: (value) => new URLPattern(value),
  FormData: (value) => new FormData().append("x", value),
  Blob: (value) => new Blob(value),
  "a Blob's part": (value) => new Blob([value]),
  ReadableStream: (value) => new ReadableStream(value),
  "ReadableStream.from": (value) => ReadableStream.from(value),
  WritableStream: (value) => new WritableStream(value),
  TransformStream: (value) => new TransformStream(value, value, value),
  TextDecoder: (value) => new TextDecoder().decode(value),
  TextEncoder: (value) => new TextEncoder().encode(value),
  encodeInto: (value) => new TextEncoder().encodeInto("x", value),
  structuredClone: (value) => structuredClone(value),
  "structuredClone's options": (value) => structuredClone(1, { transfer: value }),
  setTimeout: (value) => setTimeout(() => {}, value),
  queueMicrotask: (value) => queueMicrotask(value),
  atob: (value) => atob(value),
  Event: (value) => new Event("x", value),
  addEventListener: (value) => new EventTarget().addEventListener("x", value, value),
  dispatchEvent: (value) => new EventTarget().dispatchEvent(value),
  "AbortSignal.any": (value) => AbortSignal.any(value),
  getRandomValues: (value) => crypto.getRandomValues(value),
  "console.log": (value) => console.log(value, [value], { value }),
  "console.table": (value) => console.table(value),
  "console.dir": (value) => console.dir({}, value),
  "Buffer.from": (value) => Buffer.from(value),
  "Intl.NumberFormat": (value) => new Intl.NumberFormat(value, value).format(value),
  "Intl.DateTimeFormat": (value) => new Intl.DateTimeFormat("en", value).format(value),
  "JSON.stringify": (value) => JSON.stringify(value, value, value),
  "Object.assign": (value) => Object.assign({}, value),
  "Array.from": (value) => Array.from(value),
  spread: (value) => [...value],
  concat: (value) => [].concat(value),
  apply: (value) => Math.max.apply(value, value),
  "a class": (value) => class extends value {},
  instanceof: (value) => ({}) instanceof value,
  in: (value) => "x" in value,
  "a template": (value) => `${value}`,
  "a sum": (value) => value + 1,
  "a prototype": (value) => Object.setPrototypeOf({}, value).x,
  Map: (value) => new Map(value),
  Uint8Array: (value) => new Uint8Array(value),
  DataView: (value) => new DataView(value),
  RegExp: (value) => new RegExp(value),
  Date: (value) => new Date(value),
  "Symbol.for": (value) => Symbol.for(value),
  "Reflect.construct": (value) => Reflect.construct(Object, value, value),
  Error: (value) => new Error(value, value),
  AggregateError: (value) => new AggregateError(value),
  "new Function": (value) => new Function(value),
  defineProperties: (value) => Object.defineProperties({}, value),
  "process.env": (value) => (process.env.X = value),
  "performance.mark": (value) => performance.mark("x", value),
  CompressionStream: (value) => new CompressionStream(value),
};
const attacks = {
  "ownKeys of 3,000,000": {
    ends: ["limit-cpu", "limit-memory"],
    run: () =>
      Object.keys(new Proxy({}, { ownKeys: () => Array.from({ length: 3_000_000 }, (_, i) => `k${i}`) })).length,
  },
  "ownKeys that come twice": {
    ends: ["ok"],
    run: () => {
      try {
        Reflect.ownKeys(new Proxy({}, { ownKeys: () => ["a", "a"] }));
        return "they were taken";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "ownKeys of a length of 2^53": {
    ends: ["limit-cpu", "limit-memory", "app-threw"],
    run: () => Reflect.ownKeys(new Proxy({}, { ownKeys: () => ({ length: 2 ** 53 - 1, 0: "a" }) })).length,
  },
  "getPrototypeOf that throws": {
    ends: ["ok"],
    run: () => {
      try {
        return new Proxy(
          {},
          {
            getPrototypeOf() {
              throw new TypeError("x");
            },
          },
        ) instanceof Response
          ? "it is a Response"
          : "no error came of it";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "getPrototypeOf that lies to the host": {
    ends: ["ok", "app-threw"],
    run: () => new Proxy({ body: "held" }, { getPrototypeOf: () => Response.prototype }),
  },
  "getPrototypeOf that gives another each time": {
    ends: ["limit-cpu"],
    run: () => {
      const next = () => new Proxy({}, { getPrototypeOf: next });
      return next() instanceof Object;
    },
  },
  "a proxy of a Response": { ends: ["app-threw", "ok"], run: () => new Proxy(new Response("held"), {}) },
  "a proxy as a prototype of itself": {
    ends: ["ok", "limit-js-stack", "app-threw"],
    run: () => {
      const proxy = new Proxy({}, {});
      try {
        Object.setPrototypeOf(proxy, proxy);
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
      return proxy.x;
    },
  },
  "traps that throw, as an argument": { ends: ["ok"], run: () => survives(hostile(), calls) },
  "revoked, as an argument": { ends: ["ok"], run: () => survives(revoked(), calls) },
  "a revoked list, as an argument": { ends: ["ok"], run: () => survives(revoked([]), calls) },
  "as what a promise is resolved with": { ends: ["app-threw"], run: () => hostile() },
  "a revoked one, as what a promise is resolved with": { ends: ["app-threw"], run: () => revoked() },
  "as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw hostile();
    },
  },
  "a revoked one, as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw revoked();
    },
  },
  "an error's proxy, as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw new Proxy(new Error("x"), { get: (_, name) => hostile() });
    },
  },
  "an error whose prototype is a proxy": {
    ends: ["app-threw", "limit-cpu"],
    run: () => {
      throw Object.setPrototypeOf(
        new Error("x"),
        new Proxy(Error.prototype, {
          get() {
            for (;;) {}
          },
        }),
      );
    },
  },
  "as this of every function of the web": {
    ends: ["ok"],
    run() {
      for (const Class of [
        Response, Request, Headers, URL, URLSearchParams, Blob, FormData, ReadableStream, TextDecoder, AbortSignal,
        EventTarget, Crypto, SubtleCrypto, Performance, Navigator, MessagePort,
      ]) {
        for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
          for (const self of [
            hostile(),
            revoked(),
            Class.prototype,
            new Proxy(Class.prototype, {}),
            null,
            1,
            Object.create(Class.prototype),
          ]) {
            if (name === "constructor") continue;
            try {
              const came = (get ?? value)?.call?.(self, hostile(), hostile());
              came?.catch?.(() => {});
            } catch (error) {
              if (!(error instanceof TypeError || error instanceof DOMException))
                return `${Class.name}.${name}: ${error}`;
            }
          }
        }
      }
    },
  },
  "as a list of 2^53 - 1": {
    ends: ["limit-cpu", "limit-memory", "app-threw"],
    run: () =>
      Array.prototype.includes.call(new Proxy([], { get: (_, name) => (name === "length" ? 2 ** 53 - 1 : 0) }), 1),
  },
  "as a list that Array.isArray takes": {
    ends: ["ok"],
    run: () => {
      const list = new Proxy([1, 2], {
        get: (target, name) => (name === "length" ? 1e4 : Reflect.get(target, name)),
        has: () => true,
      });
      return [].concat(list).length === 1e4 && JSON.stringify(list.slice(0, 3)).length < 20
        ? "held"
        : "a list that is another";
    },
  },
  "get that lies about what is fixed": {
    ends: ["ok"],
    run: () => {
      const target = Object.freeze({ x: 1 });
      try {
        return `it gave ${new Proxy(target, { get: () => 2 }).x}`;
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "a handler that changes itself": {
    ends: ["ok"],
    run: () => {
      const handler = {
        get() {
          delete handler.get;
          handler.has = () => {
            throw new TypeError("x");
          };
          Object.setPrototypeOf(handler, revoked());
          return 1;
        },
      };
      const proxy = new Proxy({}, handler);
      try {
        return proxy.x === 1 && proxy.x === 1 ? "no error came of it" : "held";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "revoked within its own trap": {
    ends: ["ok"],
    run: () => {
      const { proxy, revoke } = Proxy.revocable(
        { x: 1 },
        { get: (target, name) => (revoke(), target[name]), ownKeys: () => (revoke(), ["x"]) },
      );
      if (proxy.x !== 1) return "the value is another";
      try {
        Object.keys(proxy);
        return "it was not revoked";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "a function's proxy as a constructor": {
    ends: ["ok"],
    run: () => {
      try {
        new new Proxy(() => {}, { construct: () => 1 })();
        return "it was constructed";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "construct that gives no object": {
    ends: ["ok"],
    run: () => {
      try {
        new new Proxy(class {}, { construct: () => 1 })();
        return "it was constructed";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "as the handler's globals": {
    ends: ["ok"],
    run: () => {
      Object.setPrototypeOf(
        globalThis,
        new Proxy(Object.prototype, {
          get: (target, name, self) => Reflect.get(target, name, self),
          has: (target, name) => (name === "process2" ? true : Reflect.has(target, name)),
        }),
      );
      return typeof process2 === "undefined" && new URL("http://a/").host === "a" ? "held" : "a name came of nothing";
    },
  },
};
