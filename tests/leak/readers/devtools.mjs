// Reads heap snapshots with the loader of DevTools itself, and prints what that makes of them, one line of JSON a file:
//
//   node devtools.mjs FOLDER FILE…
//
// FOLDER has the npm packages of package.json in its node_modules.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((...both) => [resolve, reject] = both);
  return { promise, resolve, reject };
};

const [folder, ...files] = process.argv.slice(2);
const bundle = path.join(folder, "devtools.bundle.mjs");
if (!fs.existsSync(bundle)) await build();
const { HeapSnapshotLoader, SecondaryInitManager } = await import(pathToFileURL(path.resolve(bundle)));
for (const file of files) console.log(JSON.stringify(describe(await load(file))));
process.exit(0);

async function build() {
  const esbuild = createRequire(path.join(path.resolve(folder), "package.json"))("esbuild");
  const worker = "chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker";
  // Their texts are in a file that the build of DevTools makes.
  const locales = {
    name: "locales",
    setup(build) {
      build.onResolve({ filter: /locales\.js$/ }, ({ path }) => ({ path, namespace: "locales" }));
      build.onLoad({ filter: /.*/, namespace: "locales" }, () => ({
        contents: `export const DEFAULT_LOCALE = "en-US", LOCALES = ["en-US"], BUNDLED_LOCALES = ["en-US"];
                   export const LOCAL_FETCH_PATTERN = "", REMOTE_FETCH_PATTERN = "";`,
      }));
    },
  };
  const contents = `export { HeapSnapshotLoader } from "${worker}/HeapSnapshotLoader.js";
    export { SecondaryInitManager } from "${worker}/HeapSnapshot.js";`;
  await esbuild.build({
    stdin: { contents, resolveDir: path.resolve(folder), loader: "js" },
    bundle: true, format: "esm", platform: "node", target: "node20", outfile: bundle, plugins: [locales], logLevel: "error",
  });
}

async function load(file) {
  const problems = [];
  const { warn } = console;
  console.warn = (text) => problems.push(String(text));
  const loader = new HeapSnapshotLoader({ sendEvent: (name, what) => name === "BrokenSnapshot" && problems.push(what) });
  const text = fs.readFileSync(file, "utf8");
  for (let at = 0; at < text.length; at += 1 << 20) loader.write(text.slice(at, at + (1 << 20)));
  loader.close();
  const { port1, port2 } = new MessageChannel();
  new SecondaryInitManager(port2);
  const snapshot = await loader.buildSnapshot(port1);
  console.warn = warn;
  return { snapshot, problems };
}

function describe({ snapshot, problems }) {
  const classes = Object.values(snapshot.aggregatesWithFilter({}));
  return {
    problems,
    nodes: snapshot.nodeCount,
    bytes: snapshot.totalSize,
    realms: snapshot.getNativeContextSizes().nativeContexts ?? snapshot.getNativeContextSizes(),
    classes: Object.fromEntries(classes.map(({ name, count, self, maxRet }) => [name, { count, self, retained: maxRet }])),
  };
}
