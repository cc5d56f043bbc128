// The story's program, and what is like it: each kind changes something that realms of other servers share. A render
// says which kinds it did not find as new, or could not change; no render may say any.
"use strict";
const cache = new Map();
const list = [];
let runs = 0;
class Counter { static count = 0; }
const shared = { nested: { deep: { values: [1, 2, 3] } } };
const pattern = /a/g;
const natives = { parse: JSON.parse, map: Array.prototype.map, random: Math.random, warn: console.warn };
const isNative = (f, name) =>
  typeof f === "function" && f.name === name && /\[native code\]/.test(Function.prototype.toString.call(f));

const kinds = {
  "console.error": [
    () => isNative(console.error, "error"),
    () => {
      const nativeError = console.error;
      console.error = (...argv) => { nativeError(...argv); };
      console.error("overridden");
      return () => !isNative(console.error, "error");
    },
  ],
  "a nested object of console": [() => !("meta" in console), () => { console.meta = { a: { b: [] } }; console.meta.a.b.push(1); return () => console.meta.a.b.length === 1; }],
  "an array on console": [() => console.list === undefined, () => { console.list = [console.list]; return () => console.list.length === 1; }],
  "an accessor of console": [
    () => Object.getOwnPropertyDescriptor(console, "log").get === undefined,
    () => { const log = console.log; let reads = 0; Object.defineProperty(console, "log", { get: () => { reads++; return log; } }); console.log("read"); return () => reads === 1; },
  ],
  "this of console": [() => console.self === undefined, () => { const own = console; own.own = function () { return this; }; own.self = own.own(); return () => own.self === own; }],
  "a deleted function": [() => console.warn === natives.warn, () => { delete console.warn; return () => !("warn" in console); }],
  "a proxy around console": [
    () => !globalThis.wrapped,
    () => { const inner = console; globalThis.wrapped = true; globalThis.console = new Proxy(inner, { set: (t, k, v) => ((t[k] = v), true) }); console.kept = 1; return () => inner.kept === 1; },
  ],
  "Object.prototype": [() => ({}).polluted === undefined, () => { Object.prototype.polluted = 1; return () => ({}).polluted === 1; }],
  "Array.prototype": [() => Array.prototype.map === natives.map, () => { Array.prototype.map = () => "mine"; return () => [1].map() === "mine"; }],
  "JSON": [() => JSON.parse === natives.parse, () => { JSON.parse = () => "mine"; return () => JSON.parse() === "mine"; }],
  "Math": [() => Math.random === natives.random, () => { Math.random = () => 4; return () => Math.random() === 4; }],
  "a global": [() => !("mine" in globalThis), () => { globalThis.mine = { big: new Array(100).fill(0) }; return () => mine.big.length === 100; }],
  "a symbol's key": [() => globalThis[Symbol.for("k")] === undefined, () => { globalThis[Symbol.for("k")] = 1; return () => globalThis[Symbol.for("k")] === 1; }],
  "a variable of the module": [() => runs === 0, () => { runs++; return () => runs === 1; }],
  "a cache of the module": [() => cache.size === 0, () => { cache.set({}, "x".repeat(100)); return () => cache.size === 1; }],
  "an array of the module": [() => list.length === 0, () => { list.push(() => list); return () => list.length === 1; }],
  "a nested object of the module": [() => shared.nested.deep.values.length === 3, () => { shared.nested.deep.values.push(4); return () => shared.nested.deep.values.length === 4; }],
  "a static field": [() => Counter.count === 0, () => { Counter.count++; return () => Counter.count === 1; }],
  "a pattern's state": [() => pattern.lastIndex === 0, () => { pattern.test("aa"); return () => pattern.lastIndex === 1; }],
  "Error.prepareStackTrace": [() => Error.prepareStackTrace === undefined, () => { Error.prepareStackTrace = () => "mine"; return () => new Error("x").stack === "mine"; }],
  "a function of the host's": [() => isNative(setTimeout, "setTimeout"), () => { const native = setTimeout; globalThis.setTimeout = (...a) => native(...a); return () => !isNative(setTimeout, "setTimeout"); }],
  "performance": [() => performance.mine === undefined, () => { performance.mine = []; return () => performance.mine.length === 0; }],
  "frozen console": [() => !Object.isFrozen(console), () => { Object.freeze(console); return () => Object.isFrozen(console); }],
};

globalThis.render = () => {
  const complaints = [];
  const kept = [];
  for (const [name, [isNew]] of Object.entries(kinds)) {
    if (!isNew()) complaints.push(`${name} is not new`);
  }
  for (const [name, [, change]] of Object.entries(kinds)) kept.push([name, change()]);
  for (const [name, isChanged] of kept) {
    if (!isChanged()) complaints.push(`${name} did not keep its change`);
  }
  return complaints.join(", ");
};
