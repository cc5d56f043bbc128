// The layer for Node: `render` gives one line for each thing that was tried, and Node gives the same lines.
"use strict";

const util = require("node:util");
const path = require("node:path");
const timers = require("node:timers");
const { EventEmitter } = require("node:events");

const lines = [];
const say = (name, value) => lines.push(`${name}: ${JSON.stringify(value)}`);

function tried(name, attempt) {
  try {
    say(name, attempt());
  } catch (error) {
    say(name, [error.name, error.code, error.message]);
  }
}

function types() {
  const values = {
    number: 1, text: "a", null: null, undefined, array: [], object: {}, arguments: (function () { return arguments; })(),
    buffer: new ArrayBuffer(1), view: new DataView(new ArrayBuffer(1)), bytes: new Uint8Array(1), clamped: new Uint8ClampedArray(1),
    int8: new Int8Array(1), int16: new Int16Array(1), uint16: new Uint16Array(1), int32: new Int32Array(1), uint32: new Uint32Array(1),
    float32: new Float32Array(1), float64: new Float64Array(1), bigint64: new BigInt64Array(1), biguint64: new BigUint64Array(1),
    nodes: Buffer.alloc(1), boxedNumber: Object(1), boxedText: Object("a"), boxedBoolean: Object(true), boxedSymbol: Object(Symbol()),
    boxedBigint: Object(1n), function() {}, async: async () => {}, generator: function* () {}, asyncGenerator: async function* () {},
    generated: (function* () {})(), asyncGenerated: (async function* () {})(), map: new Map(), set: new Set(), mapIterator: new Map().keys(),
    setIterator: new Set().values(), weakMap: new WeakMap(), weakSet: new WeakSet(), date: new Date(0), pattern: /a/, error: new TypeError("a"),
    likeError: Object.create(Error.prototype), likeDate: Object.create(Date.prototype), promise: Promise.resolve(), proxy: new Proxy({}, {}),
  };
  for (const name of Object.keys(util.types).filter((name) => /^is[A-Z]/.test(name)).sort()) {
    // Of V8 and of one Node alone.
    if (["isEventTarget", "isExternal"].includes(name)) continue;
    say(name, Object.keys(values).filter((key) => util.types[name](values[key])));
  }
  say("isKeyObject", util.types.isKeyObject(require("node:crypto").createSecretKey(Buffer.alloc(1))));
  say("same types", require("node:util/types").isProxy === util.types.isProxy);
}

function utilities() {
  say("not in Node 20", [typeof util.getCallSite, typeof util.getCallSites]);
  say("styleText", [util.styleText("red", "a", { validateStream: false }), util.styleText(["bold", "underline"], "b", { validateStream: false })]);
  const log = util.debuglog("x");
  say("debuglog", [log.enabled, log("this is not written"), util.debug === util.debuglog]);
  say("isDeepStrictEqual", [util.isDeepStrictEqual(new Set([1]), new Set([2])), util.isDeepStrictEqual({ a: undefined }, {}), util.isDeepStrictEqual([new Map([[1, { a: 1 }]])], [new Map([[1, { a: 1 }]])])]);
  function Old() {}
  Old.prototype.own = () => 1;
  util.inherits(Old, EventEmitter);
  say("inherits", [new Old().own(), new Old() instanceof EventEmitter, Old.super_ === EventEmitter]);
  say("_extend", util._extend({ a: 1 }, { b: 2 }));
  say("legacy", [util.isArray([]), util.isError(new Error("a")), util.isObject([]), util.isPrimitive(null), util.isBuffer(Buffer.alloc(1))]);
  tried("promisify of no function", () => util.promisify(1));
  say("promisify keeps", [util.promisify(function named(done) { done(); }).name, util.promisify.custom === Symbol.for("nodejs.util.promisify.custom")]);
}

async function promises() {
  say("promisify of timers", [await util.promisify(setTimeout)(1, "z"), await util.promisify(setImmediate)("i")]);
  say("callbackify", await new Promise((done) => util.callbackify(async (x) => x + 1)(1, (error, value) => done([error, value]))));
  say("callbackify of nothing", await new Promise((done) => util.callbackify(() => Promise.reject(null))((error) => done([error.code, error.reason]))));
  const controller = new AbortController();
  const waiting = require("node:timers/promises").setTimeout(10000, 1, { signal: controller.signal }).catch((error) => [error.name, error.code, error.message]);
  controller.abort();
  say("aborted timer", await waiting);
}

async function ofTimers() {
  for (const set of [setTimeout, setInterval, timers.setTimeout]) {
    const timer = set(() => say("this timer", "is not called"), 1);
    say(set.name, [typeof timer, timer.hasRef(), timer.unref() === timer, timer.hasRef(), timer.ref().hasRef(), timer.refresh() === timer, Number(timer) > 0, timer == `${timer}`, timer.constructor.name]);
    (set === setInterval ? clearInterval : clearTimeout)(timer);
  }
  for (const way of [(timer) => clearTimeout(timer), (timer) => clearTimeout(Number(timer)), (timer) => clearTimeout(`${timer}`), (timer) => clearInterval(timer), (timer) => timer.close()]) {
    way(setTimeout(() => say("a cleared timer", `is not called: ${way}`), 1));
  }
  for (const none of [undefined, null, {}, NaN, "a", -1, [], () => {}]) clearTimeout(none);
  const immediate = setImmediate(() => say("this immediate", "is not called"));
  say("setImmediate", [typeof immediate, immediate.hasRef(), immediate.unref().hasRef(), immediate.constructor.name]);
  clearImmediate(immediate);
  let count = 0;
  const again = setTimeout(() => ++count < 3 && again.refresh(), 1);
  await new Promise((done) => setTimeout(done, 30));
  const cleared = setTimeout(() => say("what was cleared", "is not called"), 1);
  clearTimeout(cleared);
  cleared.refresh();
  await new Promise((done) => setTimeout(done, 10));
  say("refreshed", count);
}

/** Each in a task of its own, where nothing waits before. */
async function order() {
  const task = (run) => new Promise((done) => setImmediate(() => {
    const seen = [];
    run((name) => () => seen.push(name));
    setTimeout(() => done(seen), 2);
  }));
  say("ticks go before promises", await task((note) => {
    Promise.resolve().then(note("promise"));
    queueMicrotask(note("microtask"));
    process.nextTick(note("tick"));
    process.nextTick(() => process.nextTick(note("tick of a tick")));
  }));
  say("promises go before their ticks", await task((note) => {
    Promise.resolve().then(() => {
      note("first")();
      process.nextTick(note("tick"));
      Promise.resolve().then(note("inner"));
    }).then(note("second"));
    Promise.resolve().then(note("other"));
  }));
  say("ticks and promises in turns", await task((note) => {
    process.nextTick(() => {
      note("one")();
      Promise.resolve().then(() => {
        note("promise")();
        process.nextTick(note("three"));
      });
      process.nextTick(note("two"));
    });
  }));
  say("values", await new Promise((done) => process.nextTick((...values) => done(values), 1, 2)));
  tried("no callback", () => process.nextTick("a"));
}

function ofProcess() {
  process.env.NUMBER = 5;
  process.env.NOTHING = undefined;
  Object.assign(process.env, { TRUTH: true });
  say("env", [process.env.NUMBER, process.env.NOTHING, process.env.TRUTH, process.env.ABSENT, "NUMBER" in process.env, delete process.env.NUMBER, process.env.NUMBER]);
  try {
    process.env.SYMBOL = Symbol("a");
  } catch (error) {
    say("env of a symbol", error.name);
  }
}

function buffers() {
  say("TYPED_ARRAY_SUPPORT", typeof Buffer.TYPED_ARRAY_SUPPORT);
  for (const text of ["616g", "g", "6", "61 2", "-6", "6162"]) say(`hex ${text}`, Buffer.from(text, "hex").toString("hex"));
  const bytes = Buffer.alloc(3);
  tried("read beyond", () => bytes.readUInt8(10));
  tried("read beyond the end", () => bytes.readUInt16LE(2));
  tried("read of too few", () => bytes.readDoubleLE(0));
  tried("write of too much", () => bytes.writeUInt8(300, 0));
  tried("write beyond", () => bytes.writeUInt16BE(1, 2));
  tried("write of text beyond", () => bytes.write("a", 10).length);
}

function others() {
  for (const given of [5, "text", null, { a: 1 }]) tried("unhandled error event", () => new EventEmitter().emit("error", given));
  tried("unhandled error event", () => new EventEmitter().emit("error", new RangeError("own")));
  say("path", [path.posix === path, path.sep, require("node:path/posix").join("a", "b")]);
  const date = new Date(Date.UTC(2020, 1, 29, 12, 30));
  say("dates", [String(date), date.toTimeString(), `${date}`, date + "", String(new Date(NaN)), date.toDateString(), Date.prototype.toString.name, Date.prototype.toTimeString.length]);
}

exports.render = async () => {
  lines.length = 0;
  types();
  utilities();
  await promises();
  await ofTimers();
  await order();
  ofProcess();
  buffers();
  others();
  return lines.join("\n");
};
