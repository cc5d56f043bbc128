// Bundles one entry with the bundler of its project. Node runs it in the folder where that bundler is installed, so that the
// imports below find it. Takes one JSON object on standard input and gives one on standard output:
//
// in    { tool, root, entry, name, mode }
// out   { code, map, warnings, read, left_out: [name] } or { failure: [message], read }
//
// A message is { text, file, line, column, length, lineText, notes, missing }, as far as the bundler knows it: lines count from
// 1, columns from 0 and in bytes; `missing` is what could not be found. All files are relative to the root but those of `read`.
import fs from "node:fs";
import { builtinModules, createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const say = process.stdout.write.bind(process.stdout);
// What a plugin prints is for people.
process.stdout.write = process.stderr.write.bind(process.stderr);

const { tool, root, entry, name, mode } = JSON.parse(fs.readFileSync(0, "utf8"));
// What decides how the rest is read, too.
const read = new Set([entry, path.join(root, "package.json"), ...settings(path.join(root, "tsconfig.json"))]);
// Where a file that comes or goes is one of the build's.
const folders = new Set();
const warnings = [];

// The conditions of a build for workers. Not "browser", which stands for what has a DOM, and not "node", for what has files. A
// project whose packages have their server's build under another one says so in its package.json.
const conditions = ["worker", "module", mode, ...ownConditions()];
const mainFields = ["module", "main"];
// What the engine reads: newer syntax is lowered.
const target = "es2023";
const define = { "process.env.NODE_ENV": JSON.stringify(mode) };
process.env.NODE_ENV = mode;

// Of what has no code.
const NO_MAP = { version: 3, sources: [], names: [], mappings: "" };

const builtins = new Set(builtinModules);
const isBuiltin = (id) => id.startsWith("node:") || builtins.has(id);
const isOfPackage = (file) => /(^|[\\/])node_modules[\\/]/.test(file);
const isBare = (id) => !/^[./\\]|^[a-z]:|^\0/i.test(id);

const bundlers = { esbuild, rolldown, vite };

try {
  const { code, map, files } = await bundlers[tool]();
  const text = withRequire(code);
  // So that the next build knows it for its own.
  answer({ code: text, map: JSON.stringify({ ...map, file: name, x_dayfly: true }), warnings, left_out: files });
} catch (error) {
  answer({ failure: messages(error) });
}

/**
 * What the project's package.json has as `"dayfly": { "conditions": [...] }`. Lit has its server's build under "node" alone; for
 * all projects that would be wrong, as Vue's there is CommonJS and five times as large.
 */
function ownConditions() {
  let project;
  try {
    project = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  } catch {
    // Whoever reads it next says what is wrong with it.
    return [];
  }
  const own = project?.dayfly?.conditions;
  if (Array.isArray(own)) return own.filter((name) => typeof name === "string");
  return "@lit-labs/ssr" in { ...project?.dependencies, ...project?.devDependencies } ? ["node"] : [];
}

function answer(what) {
  const there = (file, is) => path.isAbsolute(file) && fs.statSync(file, { throwIfNoEntry: false })?.[is]();
  const files = [...read].filter((file) => there(file, "isFile"));
  say(JSON.stringify({ ...what, read: [...files, ...[...folders].filter((folder) => there(folder, "isDirectory"))] }), () => process.exit(0));
}

/** A tsconfig.json and those that it extends, which are JSON with comments. */
function settings(file, found = new Set()) {
  if (found.has(file) || found.size > 20) return found;
  found.add(file);
  try {
    const [, extended] = /"extends"\s*:\s*("[^"]*"|\[[^\]]*\])/.exec(fs.readFileSync(file, "utf8")) ?? [];
    for (const other of [extended === undefined ? [] : JSON.parse(extended)].flat()) {
      const from = createRequire(file);
      const beside = path.resolve(path.dirname(file), other);
      const isPath = /^[./]/.test(other);
      settings(isPath ? [beside, `${beside}.json`].find((file) => fs.existsSync(file)) ?? beside : from.resolve(other), found);
    }
  } catch {
    // Whoever reads it next says what is wrong with it.
  }
  return found;
}

async function esbuild() {
  const { build } = await import("esbuild");
  process.chdir(root);
  const own = {
    name: "dayfly",
    setup(build) {
      const again = {};
      // Externals are what the engine has. A package of such a name, as npm has a `buffer` and a `punycode`, is the project's.
      build.onResolve({ filter: /^[a-z]/ }, async ({ path: id, pluginData, kind, importer, namespace, resolveDir }) => {
        if (pluginData === again || !isBuiltin(id)) return undefined;
        if (id.startsWith("node:")) return { path: id, external: true };
        const found = await build.resolve(id, { kind, importer, namespace, resolveDir, pluginData: again });
        return found.errors.length === 0 ? found : { path: `node:${id}`, external: true };
      });
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path: file }) => {
        // A build that fails has no list of what it read.
        read.add(file);
        return /\.[jt]sx$/.test(file) && !isOfPackage(file) ? withOwnFactory(file) : undefined;
      });
    },
  };
  const result = await build({
    absWorkingDir: root, entryPoints: [{ in: entry, out: name.replace(/\.js$/, "") }], outdir: root,
    bundle: true, write: false, metafile: true, format: "esm", platform: "neutral", target, conditions, mainFields, define,
    jsx: "automatic", sourcemap: "external", legalComments: "none", logLevel: "silent", plugins: [own],
  });
  for (const file of Object.keys(result.metafile.inputs)) read.add(path.resolve(root, file));
  for (const warning of result.warnings) warn(esbuildMessage(warning));
  const output = (file) => result.outputFiles.find((output) => output.path === path.join(root, file));
  const [code, map] = [output(name), output(`${name}.map`)];
  const others = result.outputFiles.filter((output) => output !== code && !output.path.endsWith(".map"));
  return { code: code.text, map: JSON.parse(map.text), files: others.map((file) => path.relative(root, file.path)) };
}

/** A file that names what its JSX calls (`@jsx h`) means the classic way, which has no other meaning for it. */
function withOwnFactory(file) {
  const contents = fs.readFileSync(file, "utf8");
  if (!/@jsx(Frag)?\s+[\w$]/.test(contents) || /@jsx(Runtime|ImportSource)\s/.test(contents)) return undefined;
  // At the end, so that no place moves.
  return { contents: `${contents}\n/** @jsxRuntime classic */`, loader: path.extname(file).slice(1) };
}

/** What Rollup's plugin interface is told and asked; rolldown and Vite have it too. */
function plugin(output) {
  return {
    name: "dayfly",
    enforce: "pre",
    async resolveId(id, importer, options) {
      if (!isBuiltin(id)) return null;
      if (id.startsWith("node:")) return { id, external: true };
      const found = await this.resolve(id, importer, { ...options, skipSelf: true });
      return found && !found.external && !/^\0|__vite-browser-external/.test(found.id) ? found : { id: `node:${id}`, external: true };
    },
    load: withOwnMap,
    transform(code, id) {
      if (code.includes("import.meta.glob")) addGlobs(code, id.split("?")[0]);
      if (/\.json$/.test(id)) checkJson(code, id);
    },
    moduleParsed: ({ id }) => void read.add(id.split("?")[0]),
    buildEnd() {
      for (const file of this.getWatchFiles?.() ?? []) read.add(path.resolve(root, file));
    },
    outputOptions: ({ manualChunks, advancedChunks, ...options }) => ({ ...options, ...output }),
    configResolved(config) {
      for (const file of config.configFileDependencies ?? []) read.add(path.resolve(root, file));
      const names = [".env", ".env.local", `.env.${mode}`, `.env.${mode}.local`];
      if (config.envDir) for (const name of names) read.add(path.resolve(root, config.envDir, name));
    },
  };
}

/** Rolldown says of one that is none neither which file it is nor what is wrong. */
function checkJson(code, id) {
  try {
    JSON.parse(code.replace(/^\ufeff/, ""));
  } catch (error) {
    throw Object.assign(new Error(`not JSON: ${error.message}`), { id });
  }
}

/** The folders that the patterns of `import.meta.glob` begin in. */
function addGlobs(code, id) {
  for (const [, patterns] of code.matchAll(/import\.meta\.glob\w*(?:<[^()]*>)?\(\s*(\[[^\]]*\]|"[^"]*"|'[^']*'|`[^`]*`)/g)) {
    for (const [, , pattern] of patterns.matchAll(/(["'`])([^"'`]*)\1/g)) {
      const base = pattern.replace(/[*?{[(!].*/, "").replace(/[^/]*$/, "");
      const folder = pattern.startsWith("/") ? path.join(root, base) : path.resolve(path.dirname(id), base);
      if (!/^[./]/.test(pattern) || folders.size > 1000) continue;
      folders.add(folder);
      if (!pattern.includes("**")) continue;
      for (const below of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (below.isDirectory() && folders.size <= 1000) folders.add(path.join(below.parentPath ?? below.path, below.name));
      }
    }
  }
}

/** A file that another tool has written comes with the map of its sources, which bundlers like Rollup do not look for. */
function withOwnMap(file) {
  if (!path.isAbsolute(file) || !/\.[cm]?js$/.test(file) || isOfPackage(file)) return null;
  const code = fs.readFileSync(file, "utf8");
  const url = /\n\/\/[#@] sourceMappingURL=(\S+)\s*$/.exec(code)?.[1];
  if (url === undefined) return null;
  try {
    const [, base64, data] = /^data:[^,]*?(;base64)?,(.*)$/.exec(url) ?? [];
    const beside = path.resolve(path.dirname(file), decodeURI(url));
    const text = data === undefined ? fs.readFileSync(beside, "utf8") : base64 ? Buffer.from(data, "base64").toString() : decodeURIComponent(data);
    const map = JSON.parse(text);
    return Array.isArray(map.sources) && typeof map.mappings === "string" ? { code, map } : null;
  } catch {
    // Without it the places are those of this file.
    return null;
  }
}

/** The output of bundlers that are like Rollup, or that are rolldown. */
function oneFile(isRolldown) {
  return {
    format: "es", sourcemap: true, entryFileNames: name, ...(isRolldown ? { codeSplitting: false } : { inlineDynamicImports: false }),
    sourcemapPathTransform: (source, map) => path.relative(root, path.resolve(path.dirname(map), source)).replaceAll("\\", "/"),
  };
}
async function rolldown() {
  const { rolldown } = await import("rolldown");
  process.chdir(root);
  const { plugins, resolve, transform, ...own } = await rolldownConfig();
  const bundle = await rolldown({
    ...own, input: entry, cwd: root, platform: "neutral", plugins: [plugin({}), plugins],
    resolve: { conditionNames: conditions, mainFields, ...resolve },
    transform: { ...transform, define: { ...transform?.define, ...define }, target }, logLevel: "warn", onLog,
  });
  return generated((await bundle.generate(oneFile(true))).output);
}

/** What the project's own configuration says of how to read its sources: not of what is read, and where it is put. */
async function rolldownConfig() {
  const file = ["js", "mjs", "cjs", "ts", "mts", "cts"].map((ending) => path.join(root, `rolldown.config.${ending}`)).find((file) => fs.existsSync(file));
  if (file === undefined) return {};
  read.add(file);
  const { loadConfig } = await import("rolldown/config");
  const unusable = (why) => Object.assign(new Error(`the configuration cannot be used: ${why}`), { id: file });
  let options;
  try {
    const loaded = await loadConfig(file);
    [options = {}] = [typeof loaded === "function" ? await loaded({}) : loaded].flat();
  } catch (error) {
    throw unusable(error?.cause?.message ?? error?.message ?? error);
  }
  if (typeof options !== "object" || options === null) throw unusable("what it exports is no object of options");
  if (typeof (options.plugins ?? []) !== "object") throw unusable("its `plugins` are no list of plugins");
  const kept = ["plugins", "resolve", "transform", "moduleTypes", "treeshake", "external", "tsconfig", "shimMissingExports"];
  return Object.fromEntries(Object.entries(options).filter(([name]) => kept.includes(name)));
}

async function vite() {
  const vite = await import("vite");
  const output = oneFile(Number.parseInt(vite.version) >= 8);
  process.chdir(root);
  const logger = vite.createLogger("silent");
  // What the engine has stays outside of the bundle as it should.
  const isUsual = (text) => /externalized node built-in module|PLUGIN_TIMINGS/.test(text);
  logger.warn = logger.warnOnce = (text) => isUsual(text) || warn({ text: plain(text) });
  const result = await vite.build({
    root, mode, define, customLogger: logger, logLevel: "warn", plugins: [plugin(output)],
    build: {
      ssr: entry, write: false, minify: false, sourcemap: true, target, emptyOutDir: false, copyPublicDir: false, reportCompressedSize: false,
    },
    ssr: { target: "webworker", noExternal: true, resolve: { conditions, mainFields } },
    // For workers Vite would put an empty object in its place, and an app has what its environment says.
    environments: { ssr: { keepProcessEnv: true } },
  });
  const outputs = [result].flat()[0].output;
  return outputs.filter((file) => file.type === "chunk").length > 1 ? joined(outputs) : generated(outputs);
}

/**
 * One file of Rollup's chunks. Rollup would run what is imported by `import()` with the rest; Vite's esbuild runs it when it is
 * imported.
 */
async function joined(outputs) {
  const { build } = await import(createRequire(import.meta.resolve("vite")).resolve("esbuild"));
  const chunks = new Map(outputs.filter((file) => file.type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const entry = generated(outputs);
  const own = {
    name: "dayfly",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path: id, importer }) => {
        const chunk = path.posix.join(path.posix.dirname(importer), id);
        return chunks.has(chunk) ? { path: chunk, namespace: "chunk" } : { path: id, external: true };
      });
      build.onLoad({ filter: /.*/, namespace: "chunk" }, ({ path: file }) => {
        const { code, map } = chunks.get(file);
        const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
        return { contents: `${code}\n//# sourceMappingURL=${url}\n`, loader: "js" };
      });
    },
  };
  const result = await build({
    absWorkingDir: root, entryPoints: [name], outfile: name, bundle: true, write: false, format: "esm", platform: "neutral", target,
    sourcemap: "external", legalComments: "none", logLevel: "silent", plugins: [own],
  });
  const output = (ending) => result.outputFiles.find((file) => file.path.endsWith(ending)).text;
  const map = JSON.parse(output(".map"));
  // What is no file has its kind before its name.
  map.sources = map.sources.map((source) => source.replace(/^chunk:/, ""));
  return { ...entry, code: output(name), map };
}

function onLog(level, log, next) {
  if (log.code === "UNRESOLVED_IMPORT") throw log;
  // How long its plugins take helps nobody to mend anything.
  if (level === "warn" && log.code !== "PLUGIN_TIMINGS") warn(rollupMessage(log));
}

/** One file and its map, of what a bundler like Rollup gives. */
function generated(output) {
  const chunk = output.find((file) => file.type === "chunk" && file.isEntry);
  const chunks = output.filter((file) => file.type === "chunk");
  const imports = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
  const missing = imports.find((id) => !isBuiltin(id) && !chunks.some((chunk) => chunk.fileName === id));
  if (missing) throw isInstalled(missing) ? leftOut(missing) : Object.assign(new Error(`Could not resolve "${missing}"`), { exporter: missing });
  const others = output.filter((file) => file.type === "asset" && !file.fileName.endsWith(".map"));
  return { code: chunk.code, map: chunk.map ? JSON.parse(chunk.map.toString()) : NO_MAP, files: others.map((file) => file.fileName) };
}

function isInstalled(id) {
  try {
    createRequire(path.join(root, "package.json")).resolve(id);
    return true;
  } catch {
    return false;
  }
}

function leftOut(id) {
  const notes = ["take it out of `external` in the bundler's configuration: an app is one file"];
  return Object.assign(new Error(`the configuration leaves "${id}" outside of the bundle`), { notes });
}

/**
 * Packages of CommonJS that ask for a module of Node's do so with `require`, which a module has not: bundlers leave it to a global
 * one. At the end, so that no line moves; imports and functions are there from the start all the same.
 */
function withRequire(code) {
  // The comment that names a map would name one that is not there.
  const text = code.replace(/\n\/\/# sourceMappingURL=[^\n]*\s*$/, "\n");
  if (!/\btypeof require\b/.test(text)) return text;
  return `${text}\nimport { createRequire as dayfly$createRequire } from "node:module";\nfunction require(name) { return dayfly$createRequire(import.meta.url)(name); }\n`;
}

/** Keeps a warning that its author can do something about. */
function warn(message) {
  if (!isOfPackage(message.file ?? "") && warnings.length < 100) warnings.push(message);
}

/** What a bundler threw, as messages. */
function messages(error) {
  const errors = Array.isArray(error?.errors) && error.errors.length > 0 ? error.errors : [error];
  return errors.slice(0, 20).map((each) => (each.location !== undefined && each.text !== undefined ? esbuildMessage(each) : rollupMessage(each)));
}

function esbuildMessage({ text, location, notes = [] }) {
  const missing = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (location?.file) read.add(path.resolve(root, location.file));
  return {
    text,
    ...(location && {
      file: location.file, line: location.line, column: location.column, length: location.length, lineText: location.lineText,
    }),
    // What it says of what is missing is how to leave it out of the bundle, which helps nobody here.
    notes: missing ? [] : [...notes.map((note) => note.text), ...loaderAdvice(text)],
    missing: missing && isBare(missing) ? missing : undefined,
  };
}

/** esbuild is run without a configuration, and Vite has a way to read such files. */
function loaderAdvice(text) {
  const ending = /^No loader is configured for "(.+)" files/.exec(text)?.[1];
  return ending ? [`Vite reads ${ending} files: \`npm install --save-dev vite\` has the project bundled by it`] : [];
}

function rollupMessage(error) {
  const whole = plain(String(error?.message ?? error));
  const first = whole.split("\n").find((line) => line.trim() && !/^Build failed with/.test(line)) ?? "";
  const missing = error?.exporter ?? /(?:could not resolve|failed to resolve import) ['"]([^'"]+)['"]/i.exec(whole)?.[1];
  const shown = /\[ ?([^\s:[\]]+):(\d+):(\d+) ?\]/.exec(whole);
  const id = error?.loc?.file ?? error?.id ?? shown?.[1] ?? /\bfrom "([^"]+)"/.exec(whole)?.[1];
  const file = id && path.resolve(root, id.split("?")[0]);
  if (file) read.add(file);
  return {
    text: missing ? `Could not resolve "${missing}"` : first.replace(/^\[[A-Z_]+\] (Error: )?|^\[builtin:[\w-]+\] /, ""),
    ...(file && { file: path.relative(root, file).replaceAll("\\", "/"), ...place(file, error?.loc, missing) }),
    notes: error?.notes ?? [],
    missing: missing && isBare(missing) ? missing : undefined,
  };
}

/** A place in a file, in bytes: where the bundler says, or where the name stands that it did not find. */
function place(file, at, missing) {
  let lines;
  try {
    lines = fs.readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return {};
  }
  let [line, column] = [at?.line, at?.column ?? 0];
  if (!line && missing) {
    line = lines.findIndex((text) => text.includes(`"${missing}"`) || text.includes(`'${missing}'`)) + 1;
    column = lines[line - 1]?.indexOf(missing) - 1;
  }
  const lineText = lines[line - 1];
  const length = missing && lineText?.startsWith(missing, column + 1) ? Buffer.byteLength(missing) + 2 : undefined;
  return lineText === undefined ? {} : { line, lineText, column: Buffer.byteLength(lineText.slice(0, column)), length };
}

function plain(text) {
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
