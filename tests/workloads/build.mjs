// Builds the workloads into a folder:  node build.mjs <folder>
//
// w1.js, w2.js, w3.js          classic scripts that set globalThis.render: a string, a Preact table, a React shop page
// preact.mjs, vue.mjs, …       modules that export render: a page in each of several frameworks
// NAME.json, NAME.html         the props, and what plain Node renders of them
//
// Nothing is written beside the sources: the folder gets a copy of them, and the packages. A folder that was built from
// the same sources by the same Node is left as it is. One build of a folder at a time: the caller keeps others out.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as props from "./props.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
if (!process.argv[2]) throw new Error("usage: node build.mjs <folder>");
const folder = path.resolve(process.argv[2]);
const stamp = path.join(folder, "stamp");
const inputs = [".npmrc", "package.json", "package-lock.json", "build.mjs", "props.mjs", "render.mjs"]
  .concat(["src", "frameworks"].flatMap((name) => fs.readdirSync(path.join(here, name)).sort().map((file) => path.join(name, file))));

const hash = createHash("sha256").update(process.version);
for (const input of inputs) hash.update(`\0${input}\0`).update(fs.readFileSync(path.join(here, input)));
const built = hash.digest("hex");

if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== built) {
  fs.rmSync(stamp, { force: true });
  install();
  await build();
  fs.writeFileSync(stamp, built);
}

function install() {
  for (const input of inputs) {
    fs.mkdirSync(path.dirname(path.join(folder, input)), { recursive: true });
    fs.copyFileSync(path.join(here, input), path.join(folder, input));
  }
  execFileSync("npm", ["ci"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
}

async function build() {
  const modules = createRequire(path.join(folder, "package.json"));
  const esbuild = modules("esbuild");
  const bundle = (entry, file, options) =>
    esbuild.build({
      absWorkingDir: folder,
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      minify: true,
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2022",
      logLevel: "warning",
      ...options,
      define: { "process.env.NODE_ENV": '"production"', ...options.define },
    });

  const script = {
    format: "iife",
    jsx: "transform",
    alias: { "react-dom-legacy-browser": path.join(folder, "node_modules/react-dom/cjs/react-dom-server-legacy.browser.production.js") },
  };
  fs.copyFileSync(path.join(folder, "src/w1.js"), path.join(folder, "w1.js"));
  await bundle("src/w2.jsx", "w2.js", script);
  await bundle("src/w3.jsx", "w3.js", script);
  for (const name of ["w1", "w2", "w3"]) render(name, `${name}.js`, props[name]);

  const frameworks = {
    preact: { entry: "preact.jsx", jsx: "transform" },
    vue: {
      entry: "vue.js",
      define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
    },
    svelte: { entry: "svelte.js", plugins: [compiler(/\.svelte$/, svelte)] },
    // Under "worker" Solid is the server's Solid; without a condition it is the browser's.
    solid: { entry: "solid.jsx", conditions: ["worker"], plugins: [compiler(/solid\.jsx$/, solid)] },
    // Under "node" Lit does without a DOM; all that it wants of Node then is Buffer.
    lit: { entry: "lit.js", conditions: ["node"], alias: { buffer: path.join(folder, "node_modules/buffer") } },
  };
  for (const [name, { entry, ...options }] of Object.entries(frameworks)) {
    await bundle(`frameworks/${entry}`, `${name}.mjs`, { format: "esm", ...options });
    render(name, `${name}.mjs`, props.w2);
  }

  function svelte(text, filename) {
    return modules("svelte/compiler").compile(text, { generate: "server", filename }).js.code;
  }

  function solid(text) {
    const presets = [[modules("babel-preset-solid"), { generate: "ssr" }]];
    return modules("@babel/core").transformSync(text, { presets, babelrc: false, configFile: false }).code;
  }
}

function compiler(filter, compile) {
  const load = ({ path: file }) => ({ contents: compile(fs.readFileSync(file, "utf8"), path.basename(file)), loader: "js" });
  return { name: "compiler", setup: (build) => build.onLoad({ filter }, load) };
}

function render(name, file, value) {
  const [input, output] = [path.join(folder, `${name}.json`), path.join(folder, `${name}.html`)];
  fs.writeFileSync(input, JSON.stringify(value));
  // A process of its own: what an app does to its globals stays there, as in a sandbox.
  execFileSync(process.execPath, [path.join(folder, "render.mjs"), path.join(folder, file), input, output], { stdio: "inherit" });
}
