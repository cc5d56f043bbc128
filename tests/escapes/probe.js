// Stands behind each escape.
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
