// bounded: console.kept
// An object of each kind that the engine has, for the walk over the heap: none may have more edges to it than it has references.
const key = {};
const symbol = Symbol("key");
class Base {
  #secret = { of: "base" };
  static made = 0;
  get secret() { return this.#secret; }
}
class Derived extends Base {
  method() { return super.secret; }
}
function* generate() { const local = {}; yield local; yield* [1, 2]; return local; }
async function* generateLater() { const local = {}; yield local; await new Promise(() => {}); }
async function wait() { const local = { waits: true }; await new Promise((resolve) => (console.resolve = resolve)); return local; }
function old() { return arguments; }
function mapped(a, b) { const inner = () => a; return [arguments, inner]; }
const started = generate();
started.next();
const startedLater = generateLater();
startedLater.next();
startedLater.next();
const iterators = [[1][Symbol.iterator](), new Map([[1, key]]).entries(), new Set([key]).values(), "text"[Symbol.iterator](), "aXbX".matchAll(/X/g)];
iterators[1].next();
const helpers = [[1, 2, 3].values().map((x) => ({ x })).filter(Boolean), Iterator.from({ next: () => ({ done: true }) })];
helpers[0].next();
const buffer = new ArrayBuffer(2000);
const waiting = wait();
const rope = "a".repeat(9000) + key + "b".repeat(9000);
const registry = new FinalizationRegistry(() => {});
registry.register(key, { held: true }, key);
const forIn = (function* () { for (const name in { a: 1, b: 2 }) yield name; })();
forIn.next();
console.kept = {
  key, symbol, [symbol]: { by: "symbol" }, 7: { by: "index" }, big: 2n ** 200n, small: 5n, number: 1.5, date: new Date(), regexp: /a(b)/gu,
  error: new Error("message", { cause: key }), aggregate: new AggregateError([key]), boxed: [new Number(1), new String("s"), new Boolean(true), Object(symbol), Object(1n)],
  base: new Base(), derived: new Derived(), proxy: new Proxy(key, { get: () => 1 }), revoked: Proxy.revocable({}, {}), bound: old.bind(key, 1, key),
  old: old(1, key), mapped: mapped(1, key), started, startedLater, iterators, helpers, forIn, waiting,
  map: new Map([[key, { value: 1 }], ["text", key]]), set: new Set([key, {}]), weakMap: new WeakMap([[key, { by: "weak" }]]), weakSet: new WeakSet([key]),
  weakRef: new WeakRef(key), registry, buffer, view: new DataView(buffer), bytes: new Uint8Array(buffer, 8), floats: new Float64Array(300),
  resizable: new ArrayBuffer(8, { maxByteLength: 64 }), promise: Promise.resolve(key), rejected: Promise.reject(key).catch(() => {}), pending: new Promise(() => {}),
  chained: new Promise(() => {}).then(() => key, () => key), resolvers: Promise.withResolvers(), all: Promise.all([key, new Promise(() => {})]),
  rope, slice: rope.slice(3, 4000), wide: "\u{1f600}".repeat(10), accessor: { get a() { return key; }, set a(value) {} }, frozen: Object.freeze({ key }),
  sparse: Object.assign([], { 100000: key }), holes: [, key], nothing: Object.create(null), template: ((strings) => strings)`a${1}b`, url: new URL("http://a/b"),
  indirect: (0, eval)("(function evaluated() { return key; })"), scoped: Function("return this"), constructor: Derived,
};
globalThis.render = () => "page";
