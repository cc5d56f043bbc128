// clean
// Shared objects of each kind work as they do without being watched: this app throws where one does not.
// host: class Private { #x = 42; get x() { return this.#x; } m() { return this.#x; } static make() { return new Private(); } } class List { greet() { return "hi"; } } globalThis.host = { map: new Map([["a", 1]]), set: new Set([1]), date: new Date(0), priv: new Private(), Private, bytes: new Uint8Array([7, 8, 9]), re: /a/, frozen: Object.freeze({ f() { return 1; }, o: {} }), array: [1, { z: 2 }], numbers: [1, 2], plain: { p: 1, q: {} }, get self() { return this; }, list: new List(), promise: Promise.resolve(5), call: (f) => f(3), error: new RangeError("r"), nothing: null, fixed: Object.defineProperty({}, "k", { value: { deep: 1 } }) };
// share: console,host
const checks = {
  "a Map": () => host.map.get("a") === 1 && host.map.size === 1 && [...host.map].length === 1,
  "a Set": () => host.set.has(1) && [...host.set].join() === "1",
  "a Date": () => host.date.getTime() === 0 && host.date.toISOString() === "1970-01-01T00:00:00.000Z",
  "private fields": () => host.priv.m() === 42 && host.priv.x === 42 && host.Private.make().m() === 42,
  "a typed array": () => host.bytes[0] === 7 && host.bytes.length === 3 && host.bytes.slice(1).length === 2,
  "a RegExp": () => host.re.test("xay") && host.re.source === "a",
  "identity": () => host.date === host.date && host.self === host && host.map.get === host.map.get,
  "instanceof": () => host.priv instanceof host.Private && new host.Private().m() === 42 && host.error instanceof host.error.constructor,
  "what is frozen": () => host.frozen.f() === 1 && Object.isFrozen(host.frozen) && Object.keys(host.frozen).join() === "f,o",
  "what cannot be configured": () => host.fixed.k.deep === 1 && host.fixed.k === host.fixed.k,
  "arrays": () => Array.isArray(host.array) && JSON.stringify(host.array) === '[1,{"z":2}]' && host.numbers.map((v) => v * 2).join() === "2,4",
  "keys": () => Object.keys({ ...host.plain }).sort().join() === "p,q" && "p" in host.plain && !("zz" in host.plain),
  "for in": () => { const names = []; for (const name in host.plain) names.push(name); return names.sort().join() === "p,q"; },
  "delete, and set again": () => delete host.plain.p && !("p" in host.plain) && (host.plain.p = 1) === 1 && host.plain.p === 1,
  "the order of keys": () => { delete host.plain.q; const q = {}; host.plain.q = q; const same = host.plain.q === q; delete host.plain.q; host.plain.q = 0; return same; },
  "an object that inherits": () => { const own = Object.create(host.plain); own.p = 2; return own.p === 2 && host.plain.p === 1 && Object.hasOwn(own, "p"); },
  "a subclass": () => { class Mine extends host.Private { more() { return this.m() + 1; } } return new Mine().more() === 43; },
  "a callback": () => host.call((value) => value + 1) === 4,
  "prototypes": () => Object.getPrototypeOf(host.list).greet.call(host.list) === "hi" && host.list.greet() === "hi",
  "null": () => host.nothing === null,
  "console": () => (console.log("a line", { of: "an app" }), typeof console.table === "function" && String(console) === "[object console]"),
};
for (const [name, holds] of Object.entries(checks)) if (!holds()) throw new Error(`${name}: not as it should be`);
globalThis.render = async () => `${await host.promise}`;
