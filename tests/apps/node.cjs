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
  for (const offset of [1.5, "1", null, NaN]) tried(`read at ${offset}`, () => bytes.readUInt8(offset));
  tried("write at 0.5", () => bytes.writeInt16LE(1, 0.5));
  for (const given of [5, null, undefined, {}]) tried(`Buffer.from ${given}`, () => Buffer.from(given));
  tried("encoding", () => Buffer.from("a", "nope"));
  tried("encoding", () => bytes.toString("nope"));
  tried("encoding", () => bytes.write("a", "nope"));
  tried("encoding", () => bytes.fill("a", "nope"));
  tried("size", () => Buffer.alloc("5"));
  tried("list", () => Buffer.concat("x"));
  tried("list", () => Buffer.concat([bytes, "x"]));
  tried("byteLength", () => Buffer.byteLength(5));
  tried("compare", () => Buffer.compare("a", bytes));
  tried("compare", () => Buffer.compare(bytes, "a"));
  tried("compare", () => bytes.compare("a"));
  tried("equals", () => bytes.equals("a"));
  tried("copy", () => bytes.copy(5));
  tried("from a buffer", () => Buffer.from(new ArrayBuffer(2), 5));
  tried("copyBytesFrom", () => Buffer.copyBytesFrom(5));
  const numbers = new Uint16Array([1, 2, 3]);
  say("copyBytesFrom", [Buffer.copyBytesFrom(numbers, 1), Buffer.copyBytesFrom(numbers, 0, 1), Buffer.copyBytesFrom(Buffer.from("ab"))]);
  for (const text of [[0xe2, 0x82], [0xf0, 0x9f, 0x98, 0x41, 0xff], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf, 0x61]]) say("broken text", Buffer.from(text).toString());
  const text = Buffer.from("abcdef");
  say("part of text", [text.toString("utf8", 1, 3), text.toString("utf8", 3, 1), text.toString("utf8", -5, 100), Buffer.alloc(0).toString()]);
  say("slices", [text.utf8Slice(1, 3), text.latin1Slice(), text.hexSlice(0, 2), text.base64Slice(), text.base64urlSlice(), text.asciiSlice(2), text.ucs2Slice(0, 2)]);
  say("writes", [text.utf8Write("é"), text.latin1Write("x", 2), text.hexWrite("6162", 3, 2), text.asciiWrite("q", 5, 1), text]);
  const wide = Buffer.alloc(8);
  say("aliases", [wide.writeBigUint64LE(5n), `${wide.readBigUint64LE()}`, wide.writeBigUint64BE(6n), `${wide.readBigUint64BE()}`]);
  for (const length of [2, 50, 51, 60]) say("shown", util.inspect(Buffer.alloc(length, 1)));
}

async function ofModules() {
  const strict = require("node:assert/strict");
  say("strict", [strict === require("node:assert").strict, strict.notEqual(1, "1"), strict.strict === strict]);
  for (const wrong of [() => strict.equal(1, "1"), () => strict.deepEqual({ a: 1 }, { a: "1" })]) {
    try {
      say("strict", wrong());
    } catch (error) {
      say("strict", [error.name, error.code]);
    }
  }
  const net = require("node:net");
  const addresses = [
    "1.2.3.4", "256.1.1.1", "1.2.3", "01.2.3.4", "::1", "::", "1::2::3", "fe80::1%eth0", "::ffff:1.2.3.4", "g::1", "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7", "[::1]", "", " ::1", "::1 ", undefined, null, "::1%", ":", ":::", "::1/64", "12345::",
  ];
  say("addresses", addresses.map((address) => [net.isIP(address), net.isIPv4(address), net.isIPv6(address)].join()));
  for (const text of ['text/plain;charset="utf 8"', "TEXT/Html; Charset=UTF-8 ; a=b;c", 'a/b;x="\\"q"', "a/b;=1", "text/plain ; a = b"]) {
    const type = new util.MIMEType(text);
    say(text, [`${type}`, type.essence, [...type.params], type]);
  }
  const type = new util.MIMEType("a/b");
  Object.assign(type, { type: "C", subtype: "D" }).params.set("x", "y z");
  say("MIME types", [type, type.params.get("x"), type.params.get("n"), type.params.has("x"), `${new util.MIMEParams()}`]);
  for (const wrong of [() => new util.MIMEType("x"), () => type.params.set("a b", "c"), () => (type.type = "")]) {
    try {
      say("no MIME type", wrong());
    } catch (error) {
      say("no MIME type", [error.name, error.code]);
    }
  }
  const { getEventListeners } = EventEmitter;
  const target = new EventTarget();
  const listener = () => {};
  target.addEventListener("x", listener);
  target.addEventListener("x", { handleEvent() {} });
  say("listeners", [getEventListeners(target, "x").length, getEventListeners(target, "x")[0] === listener, getEventListeners(target, "y")]);
  say("listeners", getEventListeners(new EventEmitter().on("x", listener), "x")[0] === listener);
  tried("listeners", () => getEventListeners({}, "x"));
  const rejecting = (options) => new EventEmitter(options).on("x", () => {}).on("x", async (value) => Promise.reject(new Error(value)));
  say("rejections", await new Promise((done) => rejecting({ captureRejections: true }).on("error", (error) => done(error.message)).emit("x", "caught")));
  const own = rejecting({ captureRejections: true });
  say("rejections", await new Promise((done) => {
    own[EventEmitter.captureRejectionSymbol] = (error, ...values) => done([error.message, values]);
    own.emit("x", "own");
  }));
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) tried(`text for ${name}`, () => timers[name]("code", 1));
  say("modules", [process.getBuiltinModule("node:net") === net, process.getBuiltinModule("url") === require("url"), typeof process.getBuiltinModule("nope")]);
  tried("no module", () => process.getBuiltinModule(5));
  const lines = [];
  const stream = Object.assign(new EventEmitter(), { write: (text) => lines.push(text) });
  const other = new console.Console(stream);
  other.log("a %d", 1);
  other.group("g");
  other.error("x\ny");
  other.groupEnd();
  other.count();
  say("Console", [lines, other instanceof console.Console, console instanceof console.Console, require("node:console").Console === console.Console]);
  tried("Console", () => new console.Console());
  say("profiles", [console.profile("a"), console.profileEnd("a"), console.timeStamp("a")]);
  for (const value of [{ [Symbol("s")]: 5 }, new ArrayBuffer(3), new DataView(new ArrayBuffer(1)), Object.assign([1], { a: 2, [Symbol("s")]: 3, "-1": 4 })]) {
    say("shown", util.inspect(value));
  }
  say("styles", util.inspect.styles.regexp);
  for (const text of ["it's", "it's \"x\"", "a\nb".repeat(40), "\u{1f600}".repeat(60), "\ud83d", "日本".repeat(30), "\x1b[31m\x7f", "e\u0301".repeat(20)]) {
    say("shown", [util.inspect(text), util.inspect(Array.from({ length: 10 }, (_, index) => text.slice(0, index * 4)))]);
  }
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
  await ofModules();
  others();
  return lines.join("\n");
};
