// Asks a bundle as plain Node runs it:  node ask.mjs <bundle> '{ "url": …, "props": … }'
//
// Prints { "status": …, "type": …, "chunks": […] } of a response, or { "page": … }.
import fs from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [bundle, question] = process.argv.slice(2);
const { url, props } = JSON.parse(question);
const app = await load();
const answer = url ? await fetched() : { page: await app.render(props) };
if (!url && typeof answer.page !== "string") throw new Error(`${bundle} rendered ${typeof answer.page}`);
fs.writeFileSync(1, JSON.stringify(answer));
// A router may keep a timer.
process.exit();

async function load() {
  if (bundle.endsWith(".mjs")) {
    const app = await import(pathToFileURL(bundle));
    return app.default ?? app;
  }
  if (bundle.endsWith(".cjs")) return createRequire(bundle)(bundle);
  vm.runInThisContext(fs.readFileSync(bundle, "utf8"), { filename: bundle });
  return globalThis;
}

async function fetched() {
  const context = { waitUntil() {} };
  const response = await app.fetch(new Request(url), {}, context);
  const [decoder, chunks] = [new TextDecoder(), []];
  for await (const chunk of response.body) chunks.push(decoder.decode(chunk, { stream: true }));
  return { status: response.status, type: response.headers.get("content-type"), chunks };
}
