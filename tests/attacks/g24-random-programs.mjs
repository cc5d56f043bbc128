// G24: programs at random. 200 a request are made from a seed (`?seed=N`, 1 by default) and evaluated; each ends in a value or an
// exception, and none in anything that this file, or the host, would notice. A fault of the engine shows as a trap, and its seed makes it
// again. Who makes the attack more often gives each time another seed.
const values = [
  "0", "-0", "1", "-1", "NaN", "Infinity", "2 ** 31", "2 ** 32 - 1", "2 ** 53", "1n", "-(2n ** 65n)", '""', '"a"',
  '"\\ud800"', '"x".repeat(50)', "null", "undefined", "true", "[]", "[1, , 3]", "{}", "/a*/g", "Symbol()",
  "Symbol.iterator", "new Map([[1, 2]])", "new Set([1])", "new Uint8Array(8)", "new Float64Array(4)",
  "new ArrayBuffer(8, { maxByteLength: 64 })", "new DataView(new ArrayBuffer(16))", "new Date(0)", "new Proxy({}, {})",
  "new Proxy([], {})", "(() => 1)", "function () { return this }", "class { static x = 1 }",
  "(function* () { yield 1; yield 2 })()", "Promise.resolve(1)", "new Error('x')", "new WeakMap()", "Object.create(null)",
  "arguments", "globalThis.Math", "Object.freeze([1, 2])", "new URL('http://a/b?c')", "new Headers({ a: 'b' })",
  "new Blob(['x'])", "Buffer.from('x')", "[1, 2, 3].values()",
];
const names = [
  "length", "constructor", "prototype", "__proto__", "valueOf", "toString", "map", "sort", "splice", "slice", "concat",
  "fill", "copyWithin", "reverse", "push", "at", "with", "flat", "includes", "join", "next", "return", "then", "get",
  "set", "add", "has", "delete", "size", "keys", "entries", "replace", "match", "split", "padEnd", "normalize", "at",
  "subarray", "buffer", "byteLength", "resize", "transfer", "slice", "exec", "lastIndex", "compile", "call", "apply",
  "bind", "name", "stack", "message", "cause", "description", "toJSON", "0", "-1", "4294967295", "x",
];
const builtins = [
  "Object.assign", "Object.keys", "Object.entries", "Object.fromEntries", "Object.defineProperty", "Object.setPrototypeOf",
  "Object.getOwnPropertyDescriptors", "Object.groupBy", "Reflect.apply", "Reflect.construct", "Reflect.ownKeys",
  "Array.from", "Array.of", "JSON.stringify", "JSON.parse", "String.raw", "String.fromCodePoint", "Number", "BigInt",
  "BigInt.asIntN", "Symbol.for", "parseInt", "Math.max", "Math.hypot", "structuredClone", "Promise.all", "Promise.resolve",
  "new Array", "new Set", "new Map", "new Uint8Array", "new Int32Array", "new Float32Array", "new RegExp", "new Date",
  "new Error", "new AggregateError", "new Proxy", "new WeakRef", "Array.prototype.sort.call",
  "Array.prototype.concat.call", "Array.prototype.splice.call", "String.prototype.replace.call", "Iterator.from",
  "Atomics.add", "encodeURIComponent", "new TextDecoder().decode", "new TextEncoder().encode", "new URLSearchParams",
  "btoa",
];
const operators = [
  "+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>", ">>>", "<", "<=", "==", "===", "!=", "&&", "||", "??", "in",
  "instanceof", ",",
];
const variables = ["a", "b", "c", "d"];

/** Makes a program's text from a generator of numbers. */
function program(next) {
  const one = (list) => list[next(list.length)];
  const expression = (depth) => {
    if (depth <= 0) return next(2) ? one(variables) : `(${one(values)})`;
    const inner = () => expression(depth - 1 - next(2));
    switch (next(17)) {
      case 0:
        return `(${inner()} ${one(operators)} ${inner()})`;
      case 1:
        return `(${one(["-", "+", "!", "~", "typeof ", "void "])}(${inner()}))`;
      case 2:
        return `(${inner()})[${JSON.stringify(one(names))}]`;
      case 3:
        return `(${inner()})?.${one(["map", "sort", "filter", "forEach", "replace", "then", "find", "reduce", "at", "concat"])}?.(${inner()}, ${inner()})`;
      case 4:
      case 5:
        return `${one(builtins)}(${inner()}, ${inner()}, ${inner()})`;
      case 6:
        return `(${one(variables)} = ${inner()})`;
      case 7:
        return `[${inner()}, ...[${inner()}], ${inner()}]`;
      case 8:
        return `({ ${one(names).replace(/^(-|4).*/, "y")}: ${inner()}, [${inner()}]: ${inner()}, get z() { return ${inner()} }, ...(${inner()}) })`;
      case 9:
        return `((${one(variables)}, ...rest) => ${inner()})(${inner()}, ${inner()})`;
      case 10:
        return `(function* () { yield ${inner()}; yield* [${inner()}] })().next().value`;
      case 11:
        return "`${" + inner() + "}`";
      case 12:
        return `(${inner()} ? ${inner()} : ${inner()})`;
      case 13:
        return `({ valueOf() { ${one(variables)} = ${inner()}; return ${inner()} } })`;
      case 14:
        return `new (class extends ${one(["Array", "Object", "Map", "Uint8Array", "Error", "Promise", "Function"])} { #p = 1; get q() { return this.#p } })()`;
      case 15:
        return `new Proxy((${inner()}), { get: (t, k) => ${inner()}, ownKeys: () => ${inner()} })`;
      default:
        return `(${inner()})[${JSON.stringify(one(names))}]?.(${inner()}, ${inner()})`;
    }
  };
  const statement = (depth) => {
    const block = () => `{ ${depth > 0 ? statement(depth - 1) : ""} ${expression(2)}; }`;
    switch (next(12)) {
      case 0:
        return `for (let i = 0; i < 3; i++) ${block()}`;
      case 1:
        return `for (const v of [${expression(1)}, ${expression(1)}]) ${block()}`;
      case 2:
        return `try ${block()} catch (e) { c = e } finally ${block()}`;
      case 3:
        return `switch (${expression(1)}) { case ${expression(1)}: ${expression(2)}; default: ${expression(1)} }`;
      case 4:
        return `const [p, ...q] = [${expression(2)}];`;
      case 5:
        return `var { length, ...others } = Object(${expression(2)});`;
      case 6:
        return `d = (a)?.[${JSON.stringify(one(names))}];`;
      case 7:
        return `Object(${one(variables)})[${JSON.stringify(one(names))}] = ${expression(2)};`;
      case 8:
        return `delete Object(${one(variables)})[${JSON.stringify(one(names))}];`;
      case 9:
        return `l: { if (${expression(1)}) break l; ${expression(2)}; }`;
      default:
        return `${one(variables)} = ${expression(3)};`;
    }
  };
  return Array.from({ length: 2 + next(4) }, () => statement(2)).join("\n");
}

const count = 200;
const attacks = {
  "200 programs": {
    ends: ["ok", "limit-cpu", "limit-memory", "limit-console-lines", "limit-console-bytes"],
    times: 100,
    async run(request) {
      let state = Number(new URL(request.url).searchParams.get("seed") ?? 1) >>> 0;
      const next = (below) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), (state >>> 8) % below);
      const ends = { value: 0, exception: 0 };
      for (let i = 0; i < count; i++) {
        const text = program(next);
        try {
          // The parameters keep what a program assigns to its own; a promise that it leaves rejected is nobody's.
          const value = (0, eval)(`(function (a, b, c, d) {\n${text}\nreturn a;\n})`)(
            [3, 1, 2],
            {},
            "text",
            new Uint8Array(8),
          );
          if (value instanceof Promise) value.catch(() => {});
          ends.value++;
        } catch {
          ends.exception++;
        }
      }
      return ends.value + ends.exception === count && ends.value > 0 ? "held" : JSON.stringify(ends);
    },
  },
};
