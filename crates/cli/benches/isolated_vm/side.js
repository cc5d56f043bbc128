// isolated-vm's side of a comparison: a command a line in, an answer a line out, both JSON.
"use strict";
const fs = require("node:fs");
const ivm = require("isolated-vm");

const apps = new Map();

// A fresh isolate for each render, with a memory limit as Dayfly's renders have one. It starts from a snapshot in which the
// script has run already, which is the fastest way that isolated-vm has.
function render({ snapshot, props }) {
  const isolate = new ivm.Isolate({ memoryLimit: 128, snapshot });
  try {
    const render = isolate.createContextSync().global.getSync("render", { reference: true });
    return render.applySync(undefined, [props], { arguments: { copy: true }, result: { copy: true } });
  } finally {
    isolate.dispose();
  }
}

const commands = {
  load({ name, text, props }) {
    apps.set(name, { snapshot: ivm.Isolate.createSnapshot([{ code: text, filename: name }]), props: JSON.parse(props) });
    return { version: `isolated-vm ${require("isolated-vm/package.json").version}` };
  },

  turn({ name, runs, nanoseconds: time }) {
    const app = apps.get(name);
    const nanoseconds = [];
    let page;
    const used = process.cpuUsage();
    const begun = process.hrtime.bigint();
    do {
      const started = process.hrtime.bigint();
      page = render(app);
      nanoseconds.push(Number(process.hrtime.bigint() - started));
    } while (runs === undefined ? process.hrtime.bigint() - begun < time : nanoseconds.length < runs);
    const { user, system } = process.cpuUsage(used);
    return { nanoseconds, cpu_nanoseconds: ((user + system) * 1000) / nanoseconds.length, page: Buffer.from(page).toString("base64") };
  },
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { command, ...argument } = JSON.parse(line);
  let answer;
  try {
    answer = commands[command](argument);
  } catch (error) {
    answer = { failure: `${error.name}: ${error.message}` };
  }
  fs.writeSync(1, JSON.stringify(answer) + "\n");
});
