// Renders as plain Node does:  node render.mjs <bundle> <props> <page>
import fs from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [bundle, props, page] = process.argv.slice(2);
if (bundle.endsWith(".mjs")) {
  globalThis.render = (await import(pathToFileURL(bundle))).render;
} else {
  vm.runInThisContext(fs.readFileSync(bundle, "utf8"), { filename: bundle });
}
fs.writeFileSync(page, await globalThis.render(JSON.parse(fs.readFileSync(props, "utf8"))));
