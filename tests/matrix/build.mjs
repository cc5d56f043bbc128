// Builds the matrix into a folder:  node build.mjs <folder>
//
// bundles/NAME.mjs, .cjs, .js  what each row's build tool makes of its app
// NAME.json                    the row, its bundle, and what plain Node answers (ask.mjs)
// rows.txt                     the names of all rows
//
// Nothing is written beside the sources: the folder gets a copy of them, and the packages. A folder that was built from
// the same sources by the same Node is left as it is. One build of a folder at a time: the caller keeps others out.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { rows } from "./rows.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
if (!process.argv[2]) throw new Error("usage: node build.mjs <folder>");
const folder = path.resolve(process.argv[2]);
const bundles = path.join(folder, "bundles");
const stamp = path.join(folder, "stamp");
const inputs = [".npmrc", "package.json", "package-lock.json", "ask.mjs", "build.mjs", "rows.mjs"]
  .concat(fs.readdirSync(path.join(here, "apps"), { recursive: true }).map((file) => path.join("apps", file)).sort())
  .filter((file) => fs.statSync(path.join(here, file)).isFile());

function digest(files) {
  const hash = createHash("sha256").update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(fs.readFileSync(path.join(here, file)));
  return hash.digest("hex");
}

function is(file, text) {
  return fs.existsSync(file) && fs.readFileSync(file, "utf8") === text;
}

function install() {
  fs.rmSync(bundles, { recursive: true, force: true });
  for (const input of inputs) {
    fs.mkdirSync(path.dirname(path.join(folder, input)), { recursive: true });
    fs.copyFileSync(path.join(here, input), path.join(folder, input));
  }
  // The packages take longer than all else: what stays is not fetched again.
  const [installed, wanted] = [path.join(folder, "installed"), digest(inputs.filter((file) => /\.npmrc$|package(-lock)?\.json$/.test(file)))];
  if (is(installed, wanted)) return;
  fs.rmSync(installed, { force: true });
  execFileSync("npm", ["ci"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  fs.writeFileSync(installed, wanted);
}

/** Builds a row with the tool that its app has, as the app has configured it, into one file. */
async function build(row) {
  const root = path.join(folder, "apps", row.app);
  const modules = createRequire(path.join(root, "package.json"));
  const load = (name) => import(pathToFileURL(modules.resolve(name)));
  await tools[row.tool](row, root, load);
}

const file = ({ name, tool, format }) => `${name}.${tool === "webpack" ? "cjs" : format === "iife" ? "js" : "mjs"}`;

const tools = {
  async vite(row, root, load) {
    const { build } = await load("vite");
    // Each entry in a file of its own, and what it imports lazily too.
    const output = { entryFileNames: file(row), codeSplitting: false };
    await build({
      root,
      logLevel: "warn",
      build: { ssr: row.entry, outDir: bundles, emptyOutDir: false, ssrEmitAssets: false, rolldownOptions: { output } },
    });
  },

  async webpack(row, root, load) {
    const [{ default: webpack }, { default: configure }] = [await load("webpack"), await load("./webpack.config.cjs")];
    const compiler = webpack(configure({ entry: row.entry, filename: file(row), folder: bundles }));
    const stats = await promisify(compiler.run.bind(compiler))();
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
    await promisify(compiler.close.bind(compiler))();
  },

  async esbuild(row, root, load) {
    const { build } = await load("esbuild");
    await build({
      absWorkingDir: root,
      entryPoints: [row.entry],
      outfile: path.join(bundles, file(row)),
      bundle: true,
      minify: true,
      platform: "node",
      format: row.format ?? "esm",
      mainFields: ["module", "main"],
      jsx: "automatic",
      jsxImportSource: row.jsx ?? "preact",
      logLevel: "warning",
    });
  },
};

/** Writes down what plain Node makes of the bundle, in a process of its own: what it does to its globals stays there. */
async function ask(row) {
  const bundle = path.join(bundles, file(row));
  const question = JSON.stringify({ url: row.url, props: row.props });
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(folder, "ask.mjs"), bundle, question], { maxBuffer: 64 << 20 });
  const { name, url, props } = row;
  fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({ bundle: file(row), url, props: JSON.stringify(props), answer: JSON.parse(stdout) }));
}

const built = digest(inputs);
if (!is(stamp, built)) {
  fs.rmSync(stamp, { force: true });
  install();
  // What tools and apps look for, as where a shop's pages are built and served.
  process.env.NODE_ENV = "production";
  for (const row of rows) await build(row);
  // Node mostly waits for an app's timers.
  await Promise.all(rows.map(ask));
  fs.writeFileSync(path.join(folder, "rows.txt"), rows.map((row) => `${row.name}\n`).join(""));
  fs.writeFileSync(stamp, built);
}
