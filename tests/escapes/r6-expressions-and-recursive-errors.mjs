// CVE-2017-16226 (GHSA-5mjw-6jrh-hvfq), static-eval: functions in an expression reached the constructor of functions; GHSA-876r-hj45-fw7g,
// safer-eval: an exception that is thrown while the stack is at its end comes from the host's realm; CVE-2021-23771, notevil: `__proto__` by
// a computed name.
const attacks = {
  expressions: {
    ends: ["ok"],
    run() {
      const got = [];
      for (const text of [
        "(function(x){return x.constructor})(function(){})('return this')()", "''.sub.constructor('return this')()",
        "[]['con'+'structor']['con'+'structor']('return this')()", "[].map['constr' + 'uctor']('return globalThis')()",
        "({})[['__proto__']][['constructor']][['constructor']]('return this')()",
        "(() => {})['__pro' + 'to__'].constructor('return this')()",
        "Object.getOwnPropertyDescriptor(Object.getPrototypeOf(function(){}), 'constructor').value('return this')()",
      ]) {
        const made = (0, eval)(text);
        if (made !== globalThis) return `${text} gave another`;
        got.push(made);
      }
      return probe(...got);
    },
  },
  "errors while errors are thrown": {
    ends: ["ok", "limit-js-stack", "limit-cpu"],
    run() {
      const got = [];
      const dive = (depth) => {
        try {
          dive(depth + 1);
        } catch (error) {
          got.push(error);
          if (got.length < 50) throw new (error.constructor.constructor("return this")().Error)(error);
        }
      };
      try {
        dive(0);
      } catch (error) {
        got.push(error);
      }
      return probe(...got);
    },
  },
};

const names = Object.getOwnPropertyNames(globalThis);
/** What of a host can be named now, by this code or by what the attack got hold of: "held", or what was reached. */
function probe(...got) {
  const reached = [];
  const say = (what) => void reached.push(what);
  for (const value of [...got, console, fetch, process, import.meta, Buffer]) {
    try {
      const world = value?.constructor?.constructor?.("return this")();
      if (world !== undefined && world !== globalThis) say("a global object that is not the guest's");
    } catch {}
    if (!(value instanceof Error)) continue;
    const [text] =
      /\/(?:home|root|usr|tmp|var|etc|proc|opt|work|rustc)\/[^\s)]*|[\w/]+\.rs\b|\b(?:wasmtime|rquickjs|cargo|panicked)\b|node:internal/.exec(
        `${value.stack} ${value.message}`,
      ) ?? [];
    if (text !== undefined) say(`an error's text tells ${text}`);
  }
  for (const name of ["Deno", "Bun", "require", "module", "exports", "WebAssembly", "std", "os", "__bootstrap"]) {
    if ((0, eval)(`typeof ${name}`) !== "undefined") say(name);
  }
  if (process.mainModule !== undefined) say("process.mainModule");
  if (process.execPath !== "/node" || process.pid !== 1) say("another process");
  for (const open of [
    () => process.binding("fs"),
    () => process.binding("spawn_sync"),
    () => process.dlopen({}, "x"),
    () => process._linkedBinding("fs"),
    () => process.kill(1),
  ]) {
    try {
      say(`${open} gave ${open()}`);
    } catch (error) {
      if (!(error instanceof Error)) say(`${open} threw ${error}`);
    }
  }
  const more = Object.getOwnPropertyNames(globalThis).filter((name) => !names.includes(name));
  if (more.length > 0) say(`the globals ${more}`);
  return reached.length === 0 ? "held" : [...new Set(reached)].join(", ");
}

export default {
  async fetch(request) {
    const name = new URL(request.url).searchParams.get("attack");
    if (name === null) {
      return Response.json(Object.entries(attacks).map(([name, { ends, times = 1 }]) => ({ name, ends, times })));
    }
    return new Response((await attacks[name].run(request)) ?? "held");
  },
};
