// A host for Dayfly's bundles in Node:  host.mjs <bundle> <props>
//
// Prints the page and the console's lines as one JSON value.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco";

const [bundle, props] = process.argv.slice(2);
const lines = [];
const imports = {
  "dayfly:sandbox/console": { write: (level, text, depth, at) => void lines.push({ level, text, depth, at: at ?? null }) },
  "dayfly:sandbox/clock": {
    now: () => BigInt(Date.now()) * 1_000_000n,
    sleep: (nanoseconds) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(nanoseconds) / 1e6),
  },
  // Always the same, so that the two foreign hosts can be compared.
  "dayfly:sandbox/random": { seed: () => 42n },
  // For apps that answer requests; this host renders.
  "dayfly:sandbox/response": { start: () => {}, write: () => false, finish: () => {} },
  // This host makes no calls.
  "dayfly:sandbox/outgoing": {
    room: () => 1n << 20n,
    start: () => {
      throw { kind: "not-allowed", message: "this host makes no calls" };
    },
    read: () => {},
    decoded: () => {},
    cancel: () => {},
    wait: () => undefined,
  },
};

const { files } = await transpile(readFileSync(bundle), { name: "bundle", instantiation: "async" });
const script = `${bundle}.${process.pid}.mjs`;
writeFileSync(script, files["bundle.js"]);
const { instantiate } = await import(pathToFileURL(script));
rmSync(script);
const { renderer } = await instantiate((name) => WebAssembly.compile(files[name]), imports);
const page = renderer.render(readFileSync(props, "utf8"), undefined);
if (page.tag !== "text") throw new Error(`no page of text: ${page.tag}`);
process.stdout.write(JSON.stringify({ page: page.val, console: lines }));
