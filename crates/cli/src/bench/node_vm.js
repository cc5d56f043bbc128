// Node's side of a comparison: a command a line in, an answer a line out, both JSON.
"use strict";
const { Console } = require("node:console");
const fs = require("node:fs");
const { Writable } = require("node:stream");
const { inspect, types } = require("node:util");
const vm = require("node:vm");

const apps = new Map();

// Standard output is for answers, so what an app writes is formatted, as in Dayfly, and goes nowhere.
const nowhere = new Writable({ write: (chunk, encoding, done) => done() });
const newConsole = () => new Console(nowhere);
let sharedConsole = newConsole();

// What Dayfly has beyond ECMAScript, and a bare context has not.
const globals = () => ({
  console: sharedConsole, TextDecoder, TextEncoder, clearInterval, clearTimeout, performance, queueMicrotask, setInterval, setTimeout,
});

// What a server on node:vm does for a request: the host's console is shared, and the code is compiled already.
const renderers = {
  script(app, props) {
    const context = vm.createContext(globals());
    app.script.runInContext(context);
    return context.render(props);
  },
  async module(app, props) {
    const context = vm.createContext(globals());
    const module = new vm.SourceTextModule(app.text, { context, identifier: app.name, cachedData: app.cachedData });
    await module.link(noImports);
    await module.evaluate();
    const { render, default: byDefault } = module.namespace;
    return [render, byDefault, context.render].find((export_) => typeof export_ === "function")(props);
  },
};

const noImports = (specifier) => {
  throw new Error(`a bundle is one file, and this one imports ${specifier}`);
};

// A render whose promise nothing settles would be waited for without end.
let started;
const sinceStarted = () => Number(process.hrtime.bigint() - started);
let most = Infinity;
setInterval(() => {
  if (started === undefined || sinceStarted() < most) return;
  answer({ failure: `no page within ${most / 1e9} s` });
  process.exit();
}, 100).unref();

const commands = {
  // One script object for all runs keeps what V8 has compiled lazily, which a code cache may lack. Node has no such object
  // for modules: a code cache is what there is.
  load({ name, text, form, props, wall_nanoseconds }) {
    const app = { name, text, props, render: renderers[form] };
    if (form === "script") app.script = new vm.Script(text, { filename: name });
    else app.cachedData = new vm.SourceTextModule(text, { context: vm.createContext(), identifier: name }).createCachedData();
    apps.set(name, app);
    most = wall_nanoseconds;
    return { version: process.version };
  },

  // Console and props are new in each run, and made outside of the clock: what is timed is a context, and not the leak.
  async turn({ name, runs, nanoseconds: time }) {
    const app = apps.get(name);
    const nanoseconds = [];
    let cpu = 0;
    let page;
    const begun = process.hrtime.bigint();
    do {
      sharedConsole = newConsole();
      const props = JSON.parse(app.props);
      const used = process.cpuUsage();
      started = process.hrtime.bigint();
      page = app.render(app, props);
      if (typeof page?.then === "function") page = await page;
      nanoseconds.push(sinceStarted());
      started = undefined;
      const { user, system } = process.cpuUsage(used);
      cpu += (user + system) * 1000;
    } while (runs === undefined ? process.hrtime.bigint() - begun < time : nanoseconds.length < runs);
    return { nanoseconds, cpu_nanoseconds: cpu / nanoseconds.length, page: bytes(page).toString("base64") };
  },

  // With one console for all runs, as a server has it: each run's override holds the one before.
  async growth({ name, at }) {
    const app = apps.get(name);
    const points = [];
    for (let run = 1; run <= Math.max(...at); run++) {
      await app.render(app, JSON.parse(app.props));
      if (at.includes(run)) {
        global.gc();
        const { rss, heapUsed } = process.memoryUsage();
        points.push({ runs: run, rss, heap: heapUsed });
      }
    }
    return { points };
  },
};

function bytes(page) {
  if (typeof page !== "string" && !types.isUint8Array(page)) throw new TypeError(`render gave ${inspect(page, { depth: 0 })}`);
  return Buffer.from(page);
}

function answer(object) {
  fs.writeSync(1, JSON.stringify(object) + "\n");
}

// What an app leaves behind when it has given its page is no failure in Dayfly either.
process.on("uncaughtException", () => {});

require("node:readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const { command, ...argument } = JSON.parse(line);
  try {
    answer(await commands[command](argument));
  } catch (error) {
    answer({ failure: typeof error?.message === "string" ? `${error.name}: ${error.message}` : inspect(error) });
  }
});
