// CVE-2023-39532 (GHSA-9c4h-3f7h-322r), SES: `{...import(x)}` went past what looks for `import(` in a source.
const attacks = {
  "in each place of a program": {
    ends: ["ok"],
    async run() {
      const got = [];
      const forms = [
        "({...import(x)})", "[...[import(x)]][0]", "import/**/(x)", "import\n(x)", "(async()=>await import(x))()",
        "`${import(x)}`", "new (class{a=import(x)})().a", "import(/* ) */x)", "(a=import(x))=>a", "im\\u0070ort(x)",
        "import.source?.(x)", "import(x,{with:{type:'json'}})", "eval('import(x)')",
      ];
      for (const form of forms) {
        try {
          globalThis.x = "file:///etc/hostname";
          let made = await (0, eval)(form);
          if (typeof made === "function") made = await made();
          got.push(made);
          if (made?.default !== undefined) return `${form} gave a module`;
        } catch (error) {
          got.push(error.name);
        } finally {
          delete globalThis.x;
        }
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
