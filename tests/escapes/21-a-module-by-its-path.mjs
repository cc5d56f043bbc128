// GHSA-cp6g-6699-wx9c, vm2: the root of `require` was compared before links were followed, so that a link led past it. There are no
// files here, by whatever path.
const attacks = {
  "by require and import": {
    ends: ["ok"],
    async run() {
      const got = [];
      const { createRequire } = await import("node:module").catch(() => ({}));
      const loads = [
        (name) => import(name),
        (name) => (0, eval)("require")(name),
        (name) => createRequire("/")(name),
        (name) => process.getBuiltinModule(name),
        (name) => new Function("name", "return require(name)")(name),
      ];
      for (const name of [
        "/etc/passwd", "../../../etc/passwd", "./node_modules/../../x", "/proc/self/root/etc/passwd",
        "file:///proc/self/environ", "child_process", "//etc/passwd", "..\\..\\x", "%2e%2e/x", "\0/etc/passwd",
      ]) {
        for (const load of loads) {
          try {
            const loaded = await load(name);
            got.push(loaded);
            if (/root:|PATH=/.test(JSON.stringify(loaded) ?? "")) return `${name} was read`;
            if (name === "child_process" && loaded) (loaded.execSync("id"), got.push("ran"));
          } catch (error) {
            if (!/root:x/.test(error?.message)) continue;
            return `${name} was read: ${error.message}`;
          }
        }
      }
      return got.includes("ran") ? "a process was started" : probe(...got);
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
