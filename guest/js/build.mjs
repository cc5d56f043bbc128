// Bundles the globals that are written in JavaScript:  node build.mjs <folder of Deno's packages> <file>
//
// The folder is a registry's source folder, which has the packages of `packages` below, each in its version. Their
// scripts were made to be evaluated one by one inside a runtime, and here they become one: each is a function of a
// table, from which `core.loadExtScript` (core.js) takes it when it is first asked for.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { subtle } from "./subtle.mjs";
import { changed as changedInspect } from "./inspect.mjs";
import { changed as changedScript } from "./deno.mjs";
import * as intl from "./intl/build.mjs";
import { changed as changedPackage, changedFiles } from "./node/packages.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const [registry, outfile] = process.argv.slice(2);
if (!outfile) throw new Error("usage: node build.mjs <folder of Deno's packages> <file>");

const packages = {
  deno_core: "0.413.0", deno_webidl: "0.260.0", deno_web: "0.291.0", deno_fetch: "0.284.0",
  // The last with its algorithms in JavaScript: later ones have them in Rust that is made for V8.
  deno_crypto: "0.264.0",
};
const scripts = {
  deno_webidl: ["00_webidl.js"],
  deno_web: [
    "00_infra.js", "00_url.js", "01_dom_exception.js", "01_mimesniff.js", "02_event.js",
    "02_structured_clone.js", "03_abort_signal.js", "05_base64.js", "06_streams.js", "08_text_encoding.js", "09_file.js",
    "13_message_port.js", "14_compression.js",
    "15_performance.js",
  ],
  deno_crypto: ["00_crypto.js"],
  deno_fetch: ["20_headers.js", "21_formdata.js", "22_body.js", "23_request.js", "23_response.js"],
};

/** A file of one of Deno's packages, if it is the very one that this was made for. */
function read(name, file) {
  const text = fs.readFileSync(path.join(registry, `${name}-${packages[name]}`, file), "utf8");
  const found = createHash("sha256").update(text).digest("hex");
  const expected = hashes.get(`${name}/${file}`);
  if (found !== expected) throw new Error(`${name}/${file} has the digest ${found}, and sources.sha256 says ${expected}`);
  return text;
}

const hashes = new Map(
  fs.readFileSync(path.join(here, "sources.sha256"), "utf8").trim().split("\n").map((line) => {
    const [hash, file] = line.split(/ +/);
    return [file, hash];
  }),
);

/** Replaces what must be there: a text wherever it is, or what an expression finds first. */
function replace(text, from, to, file) {
  const isThere = from instanceof RegExp ? from.test(text) : text.includes(from);
  if (!isThere) throw new Error(`${file} has no longer ${from}`);
  return from instanceof RegExp ? text.replace(from, to) : text.replaceAll(from, to);
}

/** Ends a script. The guest compiles one after the other, so that the memory for it is that of the largest one. */
const END = "\0";

function table() {
  const entries = Object.entries(scripts).flatMap(([name, files]) => files.map((file) => {
    let text = read(name, file).trimEnd();
    if (file === "00_crypto.js") text = subtle(text, replace);
    text = changedScript(text, replace, file);
    if (!text.endsWith("})();")) throw new Error(`${name}/${file} is no longer one call of a function`);
    // Names stay: those of classes are what the standards say.
    const { code } = esbuild.transformSync(text, { minifySyntax: true, minifyWhitespace: true, charset: "utf8", legalComments: "none" });
    return `__bootstrap.scripts[${JSON.stringify(`ext:${name}/${file}`)}]=__bootstrap=>${code.trimEnd()}`;
  }));
  return entries.map((entry) => entry + END).join("");
}

/** Text and domains are native, and the lists of parameters are the class `URLSearchParams`'s, which is Deno's. */
const forUrls = {
  "tr46": `const { domainToAscii } = globalThis.__bootstrap.native;
    export const toASCII = (domain) => domainToAscii(domain) ?? null;`,
  "./encoding": `const { encode, decode } = globalThis.__bootstrap.native;
    export const utf8Encode = (text) => encode(text);
    export const utf8DecodeWithoutBOM = (bytes) => decode(bytes, "utf-8", false, true);`,
  "./urlencoded": "export const parseUrlencodedString = () => []",
  "./URL": "",
  "./URLSearchParams": "export const createImpl = () => ({ _list: [] })",
};

const sources = {
  name: "sources",
  setup(build) {
    // What unenv and others ask of Node.
    build.onResolve({ filter: /^(node:)?(assert|buffer|events|stream|string_decoder|process|util)$/ }, ({ path: name }) => {
      const module = name.replace("node:", "");
      if (module === "process" || module === "util") return { path: path.join(here, `node/${module}.js`) };
      return build.resolve(module === "stream" ? "readable-stream" : `${module}/`, { kind: "import-statement", resolveDir: here });
    });
    // What readable-stream takes for it: npm's package has a queue of its own behind a timer, which is dropped with the page.
    build.onResolve({ filter: /^process\/$/ }, () => ({ path: "process", namespace: "ours" }));
    build.onLoad({ filter: /.*/, namespace: "ours" }, () => ({ contents: "module.exports = require('./node/process.js').process;", resolveDir: here }));
    build.onResolve({ filter: /^node:/ }, ({ path: name }) =>
      build.resolve(name.replace("node:", "unenv/node/"), { kind: "import-statement", resolveDir: here }));
    // What whatwg-url asks of the packages that it comes with, and of the files that its own classes are in.
    build.onResolve({ filter: /^(tr46|\.\/(encoding|urlencoded|URL|URLSearchParams))$/ }, ({ path: name, importer }) =>
      importer.includes("whatwg-url") ? { path: name, namespace: "whatwg-url" } : undefined);
    build.onLoad({ filter: /.*/, namespace: "whatwg-url" }, ({ path: name }) => ({ contents: forUrls[name] }));
    build.onResolve({ filter: /^deno:/ }, ({ path: name }) => ({ path: name, namespace: "deno" }));
    build.onLoad({ filter: /.*/, namespace: "deno" }, () => ({ contents: read("deno_core", "00_primordials.js") }));
    build.onResolve({ filter: /^@formatjs\/intl-localematcher$/ }, () => ({ path: path.join(here, "intl/locales.js") }));
    build.onResolve({ filter: /^intl:data$/ }, () => ({ path: "data", namespace: "intl" }));
    build.onLoad({ filter: /.*/, namespace: "intl" }, () => ({ contents: "export default globalThis.__bootstrap.intl;" }));
    build.onLoad({ filter: /@formatjs\/intl-\w+\/index\.js$/ }, ({ path: file }) => ({
      contents: intl.formatjs(fs.readFileSync(file, "utf8"), file, replace, here),
    }));
    build.onLoad({ filter: changedFiles }, ({ path: file }) => ({ contents: changedPackage(fs.readFileSync(file, "utf8"), file, replace, here) }));
    build.onLoad({ filter: /node-inspect-extracted\/dist\/inspect\.js$/ }, ({ path: file }) => ({
      contents: changedInspect(fs.readFileSync(file, "utf8"), replace, file),
    }));
  },
};

const options = {
  absWorkingDir: here,
  bundle: true,
  format: "iife",
  keepNames: true,
  minifySyntax: true,
  minifyWhitespace: true,
  target: "es2024",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  plugins: [sources],
};
const { outputFiles: [withIntl] } = await esbuild.build({ ...options, entryPoints: ["intl/main.js"], write: false });
const { code: data } = esbuild.transformSync(intl.data(path.join(here, "node_modules")), { minifySyntax: true, minifyWhitespace: true, charset: "utf8" });
await esbuild.build({
  ...options,
  entryPoints: ["main.js"],
  outfile,
  // Beside what esbuild bundles, and not in it, where it would rename what one file and another declare.
  banner: { js: table() + data + END + withIntl.text + END },
});
