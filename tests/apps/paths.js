// What the interpreter has short ways for, in many forms: `render` gives one line for each thing that was tried. Node
// gives the same lines. With { stacks: true } the lines of what throws have its message and stack as well, which two
// builds of one engine must agree on, and Node need not.
"use strict";

const lines = [];
let stacks = false;

function show(value) {
  switch (typeof value) {
    case "string": return JSON.stringify(value);
    case "number": return Object.is(value, -0) ? "-0" : String(value);
    case "bigint": return `${value}n`;
    case "symbol": return value.toString();
    case "function": return "function";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(show).join(",")}]`;
      return `{${Object.keys(value).map((key) => `${key}:${show(value[key])}`).join(",")}}`;
    default: return String(value);
  }
}

function note(name, run) {
  let line;
  try {
    line = show(run());
  } catch (error) {
    line = `throws ${error instanceof Error ? error.constructor.name : show(error)}`;
    if (stacks && error instanceof Error) line += ` ${error.message}\n${error.stack}`;
  }
  lines.push(`${name}: ${line}`);
}

const symbol = Symbol("s");
const object = {};
const wide = "w\u0101";
const rope = (() => { let s = ""; for (let i = 0; i < 900; i++) s += "0123456789"; return s; })();
const flat = "0123456789".repeat(900);
const computed = ["t", "i", "t", "l", "e"].join("");
const values = {
  undefined: undefined, null: null, true: true, false: false, zero: 0, minusZero: -0, one: 1, minusOne: -1, half: 0.5,
  nan: NaN, infinity: Infinity, least: -2147483648, most: 2147483647, beyond: 2147483648, oneFloat: 1.5 - 0.5,
  empty: "", title: "title", computed, other: "titlf", wide, wide2: ["w", "\u0101"].join(""), index: "1", rope, flat,
  symbol, symbol2: Symbol("s"), object, array: [], array1: [1], stringObject: new String("title"),
  numberObject: new Number(1), fn: show, big: 1n, bigger: 2n ** 70n, bigger2: 2n ** 70n, bigZero: 0n,
  valueOf: { valueOf: () => 1 }, proxy: new Proxy({}, {}),
};

function comparisons() {
  for (const [a, x] of Object.entries(values)) {
    for (const [b, y] of Object.entries(values)) {
      note(`${a} with ${b}`, () => {
        const found = [x === y, x !== y];
        if (x === y) found.push(1); else found.push(2);
        if (x !== y) found.push(1); else found.push(2);
        if (!(x === y)) found.push(1);
        found.push(x === y ? "a" : "b", x === y && "c", x === y || "d");
        return found;
      });
      note(`${a} loosely with ${b}`, () => [x == y, x != y, x == y ? 1 : 2, x != y ? 1 : 2]);
      note(`${a} ordered with ${b}`, () => {
        const found = [x < y, x <= y, x > y, x >= y];
        if (x < y) found.push(1);
        if (x <= y) found.push(2);
        if (!(x > y)) found.push(3);
        while (x >= y) { found.push(4); break; }
        return found;
      });
    }
  }
}

function tests() {
  for (const [name, x] of Object.entries(values)) {
    note(`null tests of ${name}`, () => {
      const found = [x === null, x !== null, x == null, x != null, x === undefined, x !== undefined];
      if (x !== null) found.push(1);
      if (x != null) found.push(2);
      if (x == null) found.push(3); else found.push(4);
      if (x === void 0) found.push(5);
      return found;
    });
    note(`truth of ${name}`, () => {
      const found = [!x, !!x, x && 1, x || 2, x ?? 3, x ? 4 : 5];
      if (x) found.push(6);
      if (!x) found.push(7);
      if (x && x !== 1) found.push(8);
      if (x || x === 0) found.push(9);
      let y = x; y &&= 10; found.push(y === x ? "same" : y);
      y = x; y ||= 11; found.push(y === x ? "same" : y);
      y = x; y ??= 12; found.push(y === x ? "same" : y);
      return found.map((it) => (it === x ? "x" : it));
    });
    note(`type of ${name}`, () => [
      typeof x, typeof x === "string", typeof x !== "string", typeof x == "object", typeof x != "object",
      typeof x === "function", typeof x !== "function", typeof x === "undefined", typeof x === "number" ? 1 : 2,
      typeof x === "bigint" && 3, typeof x === "symbol" || 4, typeof x === "nothing", typeof x === 1, typeof x < "s",
    ]);
    note(`switch of ${name}`, () => {
      const found = [];
      switch (x) { case "a": found.push(1); break; case "title": found.push(2); case "1": found.push(3); break; default: found.push(4); }
      switch (x) { case 0: found.push(5); break; case 1: found.push(6); break; case -1: found.push(7); break; case 127: case -128: case 128: found.push(8); }
      switch (x) { case null: found.push(9); break; case undefined: found.push(10); break; case true: found.push(11); break; case "": found.push(12); break; case NaN: found.push(13); }
      switch (x) { case "w\u0101": found.push(14); break; case symbol: found.push(15); break; case object: found.push(16); break; case "titlf": found.push(17); }
      switch (true) { case x === "title": found.push(18); break; case !!x: found.push(19); break; default: found.push(20); }
      switch (typeof x) { case "string": found.push(21); break; case "number": case "bigint": found.push(22); break; case "object": found.push(23); }
      return found;
    });
    note(`properties of ${name}`, () => { const y = x; return [y.length, y.nothing, typeof y.toString, typeof y.slice, typeof y.constructor].map((it) => (typeof it === "function" ? "f" : it)); });
    note(`length of ${name}`, () => { const y = x; return y.length; });
    note(`method of ${name}`, () => { const y = x; return y.toString().length > 0; });
    note(`missing method of ${name}`, () => { const y = x; return y.missing(1, 2); });
    note(`element of ${name}`, () => { const y = x; return [y[0], y["1"], y[-1], y.length ? y[y.length - 1] : 0]; });
    note(`call of ${name}`, () => { const y = x; return y(1); });
  }
  note("the booleans of minifiers", () => [!0, !1, !0 === true, !1 === false, !2, !-1, -!0, !0 ? 1 : 2, !1 ? 1 : 2]);
  note("the boolean of a minifier, returned", () => { const f = () => !0; const g = () => !1; return [f(), g()]; });
}

function properties() {
  note("a getter that changes the variable it was read from", () => {
    let it = { get x() { it = null; return 1; } };
    const x = it.x;
    return [x, it];
  });
  note("a getter that throws", () => { const it = { get x() { throw new RangeError("x"); } }; return it.x; });
  note("a getter of the prototype sees this", () => { const it = Object.create({ get x() { return this.y; } }); it.y = 2; return it.x; });
  note("a getter of a string", () => { Object.defineProperty(String.prototype, "paths", { configurable: true, get() { return typeof this; } }); try { const s = "a"; return s.paths; } finally { delete String.prototype.paths; } });
  note("a property of a string's prototype", () => { String.prototype.paths = 3; try { const s = "a"; return [s.paths, new String("b").paths]; } finally { delete String.prototype.paths; } });
  note("a length that is a getter", () => { const it = { get length() { return 7; } }; return it.length; });
  note("a length that throws", () => { const it = { get length() { throw new TypeError("l"); } }; return it.length; });
  note("a length of the prototype", () => { const it = Object.create({ length: 8 }); return it.length; });
  note("lengths", () => {
    const args = (function () { return arguments; })(1, 2);
    const typed = new Uint8Array(5), sparse = [], sub = new (class extends Array {})(3), fn = (a, b) => a + b;
    sparse[9] = 1; sparse.length = 20;
    const argsOverridden = (function () { arguments.length = "z"; return arguments; })(1);
    const frozen = Object.freeze([1, 2, 3]), proxy = new Proxy([1, 2], {}), cut = [1, 2, 3, 4];
    cut.length = 2;
    return [args.length, typed.length, sparse.length, sub.length, fn.length, argsOverridden.length, frozen.length, proxy.length, cut.length, [].length, [,].length];
  });
  note("huge lengths", () => { const a = []; a.length = 4294967295; const b = a.length; a[4294967294] = 1; return [b, a.length, a.nothing]; });
  note("arrays have methods, names and holes", () => {
    const a = [1, , 3];
    a.name = "n"; a[symbol] = 4; a["5"] = 5;
    return [a.name, a[symbol], a.length, a[1], a[5], a.indexOf(3), a.at(-1), a.nothing, "1" in a];
  });
  note("an array with another prototype", () => { const a = [1]; Object.setPrototypeOf(a, { x: 9, get y() { return this.length; } }); return [a.x, a.y, a.push, a.length]; });
  note("an array with a proxy for a prototype", () => { const a = [1]; Object.setPrototypeOf(a, new Proxy({}, { get: (_, key) => `got ${String(key)}` })); return [a.x, a.length, a[7]]; });
  note("a proxy somewhere in the chain", () => { const it = Object.create(Object.create(new Proxy({ z: 1 }, { get: (target, key, receiver) => [key in target, receiver === it] }))); return [it.z, it.q]; });
  note("a typed array's names", () => { const t = new Float64Array([1, 2]); t.name = "t"; return [t.name, t["0"], t["1.5"], t["-0"], t.x, t[2], t.length]; });
  note("a typed array in the chain", () => { const it = Object.create(new Uint8Array(2)); return [it.x, it["1.5"]]; });
  note("a string object in the chain", () => { const it = Object.create(new String("abc")); return [it.x, it[1], it["2"], it.length]; });
  note("arguments", () => { const f = function (a) { const x = arguments; x.name = 1; return [x[0], x.name, x.x, x.length, x.callee === undefined]; }; return f(5); });
  note("the callee of strict arguments", () => (function () { return arguments.callee; })());
  note("names that are numbers", () => { const it = { 1: "a", "2": "b", "-1": "c", "1.5": "d", 4294967295: "e", 4294967296: "f" }; return [it[1], it["1"], it["2"], it[-1], it["1.5"], it[4294967295], it["4294967296"]]; });
  note("changing the prototype", () => { const a = { x: 1 }, b = { x: 2 }, it = Object.create(a), seen = []; for (let i = 0; i < 4; i++) { seen.push(it.x); Object.setPrototypeOf(it, i % 2 ? a : b); } return seen; });
  note("adding and deleting along the chain", () => { const a = {}, b = Object.create(a), c = Object.create(b), seen = []; const look = () => seen.push(c.x); look(); a.x = 1; look(); b.x = 2; look(); c.x = 3; look(); delete c.x; look(); delete b.x; look(); delete a.x; look(); return seen; });
  note("deleting and adding again", () => { const it = { a: 1, b: 2, c: 3 }; delete it.b; const keys = Object.keys(it).join(); it.b = 4; return [keys, Object.keys(it).join(), it.a, it.b, it.c]; });
  note("many names", () => { const it = {}; for (let i = 0; i < 300; i++) it[`k${i}`] = i; for (let i = 0; i < 300; i += 3) delete it[`k${i}`]; let sum = 0; for (const key in it) sum += it[key]; return [sum, it.k1, it.k3, it.k299, Object.keys(it).length]; });
  note("a frozen object", () => { const it = Object.freeze({ a: 1 }); it.a = 2; return it.a; });
  note("a sealed object", () => { const it = Object.seal({ a: 1 }); it.a = 2; it.b = 3; return it; });
  note("an object that cannot grow", () => { const it = Object.preventExtensions({ a: 1 }); it.b = 1; return it; });
  note("a setter", () => { let seen; const it = { set x(v) { seen = v; } }; it.x = 5; return [seen, it.x]; });
  note("a read-only property of the prototype", () => { const it = Object.create(Object.defineProperty({}, "x", { value: 1 })); it.x = 2; return it.x; });
  note("a setter of the prototype", () => { let seen; const it = Object.create({ set x(v) { seen = [this === it, v]; } }); it.x = 3; return [seen, Object.keys(it)]; });
  note("reading what is no object", () => { const it = undefined; return it.x; });
  note("reading null, in a chain of calls", () => { const it = { a: { b: null } }; return it.a.b.c; });
  note("optional chains", () => { const it = { a: null, f: () => ({ g: 1 }) }; return [it?.a?.b, it.f?.().g, it.h?.(), it?.["a"], it.a?.b.c.d]; });
  note("accessing private names", () => { class A { #x = 1; static has(it) { return #x in it; } get() { return this.#x; } } const a = new A(); return [A.has(a), A.has({}), a.get()]; });
  note("a private name of another", () => { class A { #x = 1; static get(it) { return it.#x; } } return A.get({}); });
}

function literals() {
  note("the same name twice", () => ({ a: 1, b: 2, a: 3 }));
  note("a getter, then a value", () => { const it = { get a() { return 1; }, a: 2 }; return [it.a, Object.getOwnPropertyDescriptor(it, "a").writable]; });
  note("a value, then a getter", () => { const it = { a: 1, get a() { return 2; } }; return it.a; });
  note("a spread in the middle", () => ({ a: 1, ...{ b: 2, a: 3 }, c: 4, ...null, ...["hi"] }));
  note("a spread of what has a getter", () => { const it = { get a() { return 5; } }; return { ...it }; });
  note("__proto__", () => { const it = { x: 1, __proto__: { y: 2 }, z: 3 }; return [it.x, it.y, it.z, Object.keys(it)]; });
  note("__proto__ that is no object", () => { const it = { __proto__: 1, a: 2 }; return [Object.getPrototypeOf(it) === Object.prototype, Object.keys(it)]; });
  note("computed names", () => { const k = "k"; return { [k]: 1, [k + 1]: 2, [`${k}2`]: 3, [Symbol.iterator]: 4, [1 + 1]: 5 }; });
  note("methods and names of functions", () => { const it = { f() {}, g: () => {}, h: function () {}, get i() { return 1; }, async *j() {} }; return [it.f.name, it.g.name, it.h.name, it.j.name]; });
  note("numeric names", () => ({ b: 1, 2: 2, 1: 3, a: 4 }));
  note("many literals of one form", () => { const all = []; for (let i = 0; i < 50; i++) all.push({ type: "t", i, key: null, x: { i } }); all[7].extra = 1; delete all[8].key; all[9].i = "s"; return [all.map((it) => Object.keys(it).join("")).join(), all[49].x.i, all[9]]; });
  note("literals that diverge", () => { const all = []; for (let i = 0; i < 12; i++) { const it = { a: 1 }; if (i % 2) it.b = 2; if (i % 3) it.c = 3; it.d = 4; all.push(Object.keys(it).join("")); } return all.join(); });
  note("objects of a class", () => { class P { constructor(a) { this.a = a; this.b = a + 1; if (a > 3) this.c = 1; } sum() { return this.a + this.b; } } const all = []; for (let i = 0; i < 6; i++) all.push(new P(i)); return [all.map((p) => p.sum()), all.map((p) => Object.keys(p).join(""))]; });
  note("an object that grows by the prototype's setter", () => { const proto = {}; Object.defineProperty(proto, "b", { set(v) { this.c = v; }, configurable: true }); const it = Object.create(proto); it.a = 1; it.b = 2; return [Object.keys(it), it.c]; });
  note("literals after Object.prototype has a setter", () => { Object.defineProperty(Object.prototype, "paths", { configurable: true, set() { throw new Error("called"); }, get() { return "inherited"; } }); try { const it = { paths: 1 }, other = {}; return [it.paths, other.paths]; } finally { delete Object.prototype.paths; } });
  note("JSON", () => JSON.parse('{"a":1,"b":[1,2.5,-0,{"a":2,"b":null}],"__proto__":{"x":1},"a":3,"1":4}'));
  note("JSON twice", () => { const all = [1, 2, 3].map((n) => JSON.parse(`{"id":${n},"name":"n${n}","tags":["x"],"deep":{"id":${n}}}`)); all[0].more = 1; return all; });
}

function calls() {
  const f = function (a, b, c) { return [a, b, c, arguments.length]; };
  note("too few and too many arguments", () => [f(), f(1), f(1, 2, 3), f(1, 2, 3, 4)]);
  note("default, rest and destructured arguments", () => { const g = (a, b = a + 1, ...rest) => [a, b, rest]; const h = ({ x, y = 2 }, [z] = [3]) => [x, y, z]; return [g(1), g(1, undefined, 3), g(1, 2, 3, 4), h({ x: 1 }), h({ x: 1, y: 3 }, [4])]; });
  note("bound functions", () => { const g = f.bind(null, 1); return [g(), g(2), g(2, 3, 4), new (function () { this.a = 1; }.bind(null))().a]; });
  note("call and apply", () => [f.call(null, 1), f.apply(null, [1, 2]), f.apply(null), Math.max.apply(null, [1, 3, 2]), Reflect.apply(f, null, [4])]);
  note("built-in functions", () => [Math.max(), Math.max(1, "2"), parseInt("12px"), "abc".charCodeAt(1), "abc".charCodeAt(9), [3, 1, 2].sort().join(), String(1), Number("2"), Boolean("")]);
  note("a built-in function that needs more arguments than it gets", () => ["abc".slice(), "a-b".replace("-"), [1, 2].concat(), "abc".indexOf(), Object.is()]);
  note("a built-in function that calls back and throws", () => [1, 2].map((x) => { if (x === 2) throw new TypeError("in map"); return x; }));
  note("a built-in function on the wrong this", () => { const g = Map.prototype.get; return g(1); });
  note("a constructor without new", () => { class A {} return A(); });
  note("new of what is no constructor", () => { const g = () => 1; return new g(); });
  note("calling what is no function", () => { const it = { a: 1 }; return it.a(); });
  note("calling a number", () => { const n = 5; return n(); });
  note("a proxy of a function", () => { const g = new Proxy(f, { apply: (target, self, args) => ["trap", ...target(...args)] }); return g(1, 2); });
  note("this", () => { const it = { f() { return this === it; }, g: function () { return (() => this === it)(); } }; const h = it.f; return [it.f(), it.g(), (0, it.f)(), h(), [1].map(it.f, it)]; });
  note("many variables", () => {
    const none = () => {}, one = () => { let a; return a; };
    const seven = () => { let a, b, c, d, e, g, h; return [a, b, c, d, e, g, h]; };
    const eight = () => { let a, b, c, d, e, g, h, i; return [a, b, c, d, e, g, h, i]; };
    const nine = () => { let a, b, c, d, e, g, h, i, j; j = 1; return [a, b, c, d, e, g, h, i, j]; };
    const seventeen = () => { let a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r; a = r = 1; return [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r]; };
    const captured = () => { let a, b, c, d, e, g, h, i, j = 5; return () => [a, b, c, d, e, g, h, i, j++]; };
    const next = captured();
    return [none(), one(), seven(), eight(), nine(), seventeen(), next(), next()];
  });
  note("variables before they are declared", () => { const g = () => x; const seen = []; try { g(); } catch (error) { seen.push(error.name); } let x = 1; seen.push(g()); return seen; });
  note("a variable in its own declaration", () => { let x = x + 1; return x; });
  note("assigning to a constant", () => { const x = 1; x = 2; return x; });
  note("a variable that is nowhere", () => nowhere + 1);
  note("closures in loops", () => { const all = []; for (let i = 0; i < 3; i++) all.push(() => i++); return [all.map((g) => g()), all.map((g) => g())]; });
  note("closures over arguments", () => { const g = (a) => { const get = () => a, set = (v) => { a = v; }; set(a + 1); return [get(), a]; }; return g(1); });
  note("recursion", () => { const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2)); const even = (n) => n === 0 || odd(n - 1), odd = (n) => n !== 0 && even(n - 1); return [fib(15), even(101), odd(101)]; });
  note("too much recursion", () => { const g = (n) => g(n + 1) + 1; return g(0); });
  note("recursion that is caught, then goes on", () => { let deepest = 0; const g = (n) => { deepest = n; g(n + 1); }; try { g(0); } catch (error) { return [error instanceof RangeError, deepest > 100]; } });
  note("generators", () => { function* g(a) { try { const b = yield a; const c = yield [b, ...arguments]; return c; } finally { yield "finally"; } } const it = g(1, 2); return [it.next(), it.next("b"), it.next("c"), it.next(), it.next()].map((r) => [r.value, r.done]); });
  note("throwing into generators", () => { function* g() { try { yield 1; } catch (error) { yield `caught ${error}`; } finally { yield 2; } throw new Error("end"); } const it = g(); const seen = [it.next().value, it.throw("t").value, it.next().value]; try { it.next(); } catch (error) { seen.push(error.message); } return [...seen, it.next().done]; });
  note("throwing into a generator that has not begun", () => { function* g() { yield 1; } return g().throw(new RangeError("early")); });
  note("returning from generators", () => { function* g() { try { yield 1; } finally { yield 2; } } const it = g(); it.next(); return [it.return(5), it.next(), it.next()].map((r) => [r.value, r.done]); });
  note("yield*, spread and destructuring of iterators", () => { function* g() { const r = yield* [1, 2]; yield r; } const [a, , b] = g(); return [...g(), a, b]; });
  note("finally", () => { const seen = []; const g = (how) => { for (let i = 0; i < 3; i++) { try { if (how === "break" && i === 1) break; if (how === "continue") continue; if (how === "return") return i; if (how === "throw") throw i; } catch (error) { seen.push(`c${error}`); } finally { seen.push(`f${i}`); } } return "end"; }; return [g("break"), g("continue"), g("return"), g("throw"), seen.join("")]; });
  note("labels", () => { const seen = []; outer: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue outer; if (i === 2) break outer; seen.push(`${i}${j}`); } } return seen; });
  note("classes", () => { class A { static s = 1; f = 2; constructor(x) { this.x = x; } get g() { return this.x * 2; } m() { return "A"; } static make(x) { return new this(x); } } class B extends A { constructor(x) { super(x + 1); this.y = x; } m() { return super.m() + "B"; } get g() { return super.g + 1; } } const b = B.make(1); return [b.x, b.y, b.f, b.g, b.m(), B.s, b instanceof A, Object.keys(b).join()]; });
  note("a derived class that forgets super", () => { class A {} class B extends A { constructor() {} } return new B(); });
  note("a derived class that calls super twice", () => { class A {} class B extends A { constructor() { super(); super(); } } return new B(); });
  note("new.target", () => { function g() { return new.target === g; } return [g(), new (function () { this.a = new.target !== undefined; })().a]; });
  note("tagged templates", () => { const tag = (parts, ...rest) => [parts.raw.join("|"), rest]; return tag`a${1}b\n${2}c`; });
  note("for in", () => { const it = Object.create({ inherited: 1, b: 0 }); it.a = 1; it.b = 2; it[1] = 3; const seen = []; for (const key in it) { seen.push(key); delete it.b; } return seen; });
  note("for of over a map that changes", () => { const map = new Map([[1, "a"], [2, "b"]]); const seen = []; for (const [key, value] of map) { seen.push(key + value); if (key === 1) map.set(3, "c"); } return seen; });
  note("delete, in, instanceof", () => { const it = { a: 1 }; return [delete it.a, "a" in it, delete it.b, [] instanceof Array, 1 instanceof Object]; });
  note("deleting what cannot be", () => { const it = Object.freeze({ a: 1 }); return delete it.a; });
  note("void, comma, exponent", () => [void 0, (1, 2), 2 ** 10, (-2) ** 2, 2 ** -1, 2 ** 0.5]);
}

function numbers() {
  const all = [0, -0, 1, -1, 0.5, -0.5, 2147483647, -2147483648, 2147483648, -2147483649, 4294967295, 4294967296, 9007199254740991, 1e308, -1e308, 5e-324, NaN, Infinity, -Infinity, "3", "", "x", null, undefined, true];
  for (const x of all) {
    for (const y of all) {
      note(`numbers ${show(x)} ${show(y)}`, () => [x + y, x - y, x * y, x / y, x % y, x & y, x | y, x ^ y, x << y, x >> y, x >>> y]);
    }
    note(`number ${show(x)}`, () => { let a = x, b = x, c = x, d = x, e = x; a++; ++b; c--; --d; const f = e++; return [-x, +x, ~x, !x, a, b, c, d, e, f, x | 0, x >>> 0]; });
  }
  note("loops to the end of int", () => { let n = 0; for (let i = 2147483645; i < 2147483650; i++) n++; let m = 0; for (let i = -2147483646; i > -2147483651; i--) m++; return [n, m]; });
  note("a counter that is no int", () => { const seen = []; for (let i = 0.5; i < 3; i++) seen.push(i); for (let i = "1"; i < 3; i++) seen.push(i); let o = { valueOf: () => 1 }; o++; seen.push(o); return seen; });
  note("a counter that cannot count", () => { let i = Symbol("i"); i++; return i; });
  note("a bigint counter", () => { let i = 2147483647n; i++; let j = -1n; j--; return [i, j, i * j, i ** 3n]; });
  note("bigint and number", () => 1n + 1);
  note("sums of many", () => { let s = 0; for (let i = 0; i < 100; i++) s += i * 0.1; let t = 0; for (let i = 0; i < 100; i++) t += 2147483647; return [s, t]; });
  note("arrays by index", () => { const a = []; for (let i = 0; i < 20; i++) a[i] = i * i; a[25] = 1; a[-1] = 2; a["3"] = "three"; a[1.5] = "f"; return [a.length, a[3], a[19], a[20], a[-1], a[1.5], a["19"], a[4294967295]]; });
  note("an array whose prototype has a setter", () => { const seen = []; Object.defineProperty(Array.prototype, "2", { configurable: true, set(v) { seen.push(v); }, get() { return "p"; } }); try { const a = [0, 1]; a[2] = 5; const b = [0, 1, 2]; return [seen, a.length, a[2], b[2]]; } finally { delete Array.prototype[2]; } });
  note("a frozen array", () => { const a = Object.freeze([1]); a[0] = 2; return a; });
  note("an array that cannot grow", () => { const a = Object.preventExtensions([1]); a[1] = 2; return a; });
  note("typed arrays by index", () => { const a = new Uint8ClampedArray(3); a[0] = 300; a[1] = -5; a[2] = 1.5; a[3] = 9; return [...a, a[3]]; });
}

function strings() {
  note("appending in a loop", () => { let s = "", t = ""; for (let i = 0; i < 2000; i++) { s += i; t = t + "<" + i + ">"; } return [s.length, s.slice(0, 20), s.slice(-20), t.length, t.slice(-20)]; });
  note("appending to a string that another variable has", () => { let s = "x".repeat(100); s += "a"; const t = s; s += "b"; const u = s; s += "c"; return [t.slice(-3), u.slice(-3), s.slice(-3), t.length, u.length, s.length]; });
  note("appending in place, seen through an array", () => { const kept = []; let s = ""; for (let i = 0; i < 40; i++) { s += "0123456789"; kept.push(s); } return kept.map((it) => it.length).join() + kept[7] + (kept[39] === "0123456789".repeat(40)); });
  note("appending in place, seen through an object", () => { const it = { s: "a" }; let s = it.s; s += "b"; it.t = s; s += "c"; it.u = s; return it; });
  note("a key that is appended to", () => { let key = "k".repeat(70); key += "1"; const it = { [key]: 1 }; key += "2"; it[key] = 2; const seen = Object.keys(it).map((k) => k.length); return [seen, it["k".repeat(70) + "1"], it["k".repeat(70) + "12"]]; });
  note("a string as a key of a map, appended to", () => { let key = "k".repeat(70); key += "1"; const map = new Map([[key, 1]]); key += "2"; map.set(key, 2); return [[...map.keys()].map((k) => k.length), map.get("k".repeat(70) + "1")]; });
  note("long keys of a map that were put together", () => { const flat = "0123456789".repeat(5000); let key = ""; for (let i = 0; i < 5000; i++) key += "0123456789"; let prepended = ""; for (let i = 0; i < 5000; i++) prepended = "0123456789" + prepended; const map = new Map(Array.from({ length: 100 }, (_, i) => [i, i])); map.set(key, 1).set(prepended, 2).set(flat, 3); return [map.size, map.get(key), map.has(prepended), map.delete(flat), map.size]; });
  note("appending a string to itself", () => { let s = "ab"; for (let i = 0; i < 12; i++) s += s; return [s.length, s.slice(-4)]; });
  note("appending a string to itself, among others", () => { let s = "0123456789".repeat(20); s = s + s + "x" + s; return [s.length, s[400], s.slice(-2)]; });
  note("appending wide to narrow and back", () => { let s = "a".repeat(80); s += "b"; s += "\u0101"; s += "c"; s += "\ud83d"; s += "\ude00"; return [s.length, s.slice(-6), s.codePointAt(s.length - 2)]; });
  note("sums of wide and narrow", () => { let s = "\u0101" + "n".repeat(9); const seen = []; for (let i = 0; i < 400; i++) { s = s + "wide \u0101" + i + "narrow" + [i, "x".repeat(i % 40)].join("-"); if (i % 40 === 0) seen.push(s.length, s.charCodeAt(s.length - 1), (s + "a" + "b" + "\u0102" + "c".repeat(i)).length); } return [seen, s.slice(-30), s.split("\u0101").length]; });
  note("pieces of wide and narrow that are kept", () => { const kept = []; for (let i = 0; i < 300; i++) { let p = "p" + i; p += "\u0101".repeat(i % 5); p = p + "n".repeat(i % 37) + i; p += "tail"; kept.push(p); } return [kept.join("").length, kept[299], kept.every((p) => p.endsWith("tail"))]; });
  note("appending to a captured variable", () => { let s = ""; const push = (t) => { s += t; }; const kept = []; for (let i = 0; i < 300; i++) { push("piece" + i); if (i % 50 === 0) kept.push(s); } return [s.length, kept.map((k) => k.length), s.endsWith("piece299")]; });
  note("appending to an argument", () => { const g = (s, n) => { for (let i = 0; i < n; i++) s += "0123456789"; return s; }; const start = "z".repeat(90); const end = g(start, 100); return [start.length, end.length, end[90], end[1089]]; });
  note("appending to a property", () => { const it = { s: "" }; for (let i = 0; i < 200; i++) { it.s += "0123456789"; } const t = it.s; it.s += "x"; return [it.s.length, t.length]; });
  note("appending what is no string", () => { let s = "v:"; for (const v of [1, 1.5, -0, NaN, null, undefined, true, 10n, [1, 2], {}, { toString: () => "T" }, { valueOf: () => 7 }]) s += v + ";"; return s; });
  note("appending a symbol", () => { let s = "a"; s += Symbol("x"); return s; });
  note("appending what throws leaves the string", () => { let s = "x".repeat(100); try { s += { toString() { throw new Error("no"); } }; } catch {} const t = s; try { s += Symbol("x"); } catch {} return [s.length, s === t]; });
  note("appending what changes the string", () => { let s = "a".repeat(90); s += { toString() { s += "inner"; return "outer"; } }; return s.slice(85); });
  note("the right side changes the variable", () => { let s = "a".repeat(90); s = s + (s += "b") + s; return [s.length, s.slice(-3)]; });
  note("prepending", () => { let s = ""; for (let i = 0; i < 500; i++) s = i + "," + s; return [s.length, s.slice(0, 12), s.slice(-8)]; });
  note("very long", () => { let s = "0123456789".repeat(1000); for (let i = 0; i < 200; i++) s += "abcdefghij".repeat(i % 7); return [s.length, s.slice(10000, 10020), s.slice(-10), s.indexOf("jab"), s === s + "", s.charCodeAt(s.length - 1)]; });
  note("templates", () => { const a = "A", b = 1; return [`${a}`, `${a}${b}`, `x${a}y${b}z`, `${a}${a}${a}`.length, `${undefined}${null}`]; });
  note("slices that are appended to", () => { const base = "0123456789".repeat(300); let s = base.slice(10, 2000); const t = s; s += "end"; return [s.length, t.length, base.length, s.slice(-5), base.slice(2000, 2005)]; });
  note("comparing long and short", () => { const a = "0123456789".repeat(50), b = ("0123456789".repeat(49) + "012345678") + "9"; return [a === b, a == b, a < b + "a", a !== b + "", a === b.slice(1), wide === ["w", "\u0101"].join("")]; });
  note("join, split, replace", () => [["a", 1, null, undefined, [2]].join("-"), "a,b,,c".split(","), "aXbX".replace("X", "y"), "aXbX".replaceAll("X", (m) => m + m), "abc".split(""), "x".padStart(3, "ab"), " a ".trim()]);
  note("regular expressions", () => ["a1b22".match(/\d+/g), /(?<y>\d{4})/.exec("in 2024").groups.y, "<&>".replace(/[<>&]/g, (c) => `&${c.charCodeAt(0)};`), /a.c/s.test("a\nc"), "aBc".replace(/[A-Z]/g, "-$&"), "x".search(/y/), /\u{1f600}/u.test("\u{1f600}")]);
  note("escaping, as frameworks do", () => { const escape = (s) => { let out = "", last = 0, i = 0; for (; i < s.length; i++) { let e; switch (s.charCodeAt(i)) { case 34: e = "&quot;"; break; case 38: e = "&amp;"; break; case 60: e = "&lt;"; break; default: continue; } if (i !== last) out += s.slice(last, i); out += e; last = i + 1; } if (i !== last) out += s.slice(last, i); return out; }; return [escape("a<b&\"c\""), escape(""), escape("<"), escape("plain"), escape(wide + "<")]; });
  note("to a number and back", () => { const seen = []; for (const n of [0, 1, -1, 1e21, 1e-7, 123456789012345680000, 0.1 + 0.2, 1 / 3, 2 ** 53, -(2 ** 31)]) seen.push(String(n), n.toString(16), Number(String(n)) === n); return seen; });
}

globalThis.render = (props) => {
  stacks = props.stacks === true;
  comparisons();
  tests();
  properties();
  literals();
  calls();
  numbers();
  strings();
  return lines.join("\n");
};
