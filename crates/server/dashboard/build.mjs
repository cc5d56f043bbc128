// Bundles src/ and the packages beside it into dist/. Run by build.sh in a copy of this folder, where the packages are installed.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

import { build } from "esbuild";

const { metafile } = await build({
  entryPoints: ["src/app.js", "src/app.css"], outdir: "dist",
  bundle: true, minify: true, format: "esm", target: "es2022", charset: "utf8", legalComments: "none", metafile: true, logLevel: "warning",
});

// A name changes with what it names, so that browsers may keep it for good.
const named = (name) => {
  const digest = createHash("sha256").update(readFileSync(`dist/${name}`)).digest("hex").slice(0, 16);
  return name.replace(".", `-${digest}.`);
};
const page = readFileSync("src/index.html", "utf8").replace(/\/dashboard\/(app\.\w+)/g, (_, name) => `/dashboard/${named(name)}`);
writeFileSync("dist/index.html", page);

const packages = new Set(Object.keys(metafile.inputs).flatMap((input) => input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
const licences = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
});
writeFileSync("dist/licences.txt", `What the dashboard has in it of others.\n\n${licences.join(`\n${"-".repeat(72)}\n\n`)}`);
