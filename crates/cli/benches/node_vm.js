// Node's side of against_node: a command a line in, an answer a line out, both JSON.
"use strict";
const fs = require("node:fs");
const vm = require("node:vm");

const apps = new Map();
const nativeError = console.error;

// What a server on node:vm does for a request: the host's console is shared, and the script is compiled already.
function render(app) {
  const context = vm.createContext({ console });
  app.script.runInContext(context);
  return context.render(app.props);
}

const commands = {
  // One script object for all runs keeps what V8 has compiled lazily, which a code cache from disk may lack.
  load({ app, file, props }) {
    apps.set(app, { script: new vm.Script(fs.readFileSync(file, "utf8"), { filename: file }), props });
    return { version: process.version };
  },

  // The console is put right between runs, outside of the clock: what is timed is a context, and not the leak.
  batch({ app, runs }) {
    const nanoseconds = [];
    let page;
    const cpu = process.cpuUsage();
    for (let run = 0; run < runs; run++) {
      const started = process.hrtime.bigint();
      page = render(apps.get(app));
      nanoseconds.push(Number(process.hrtime.bigint() - started));
      console.error = nativeError;
    }
    const { user, system } = process.cpuUsage(cpu);
    return { nanoseconds, cpu_nanoseconds: ((user + system) * 1000) / runs, page };
  },

  // The same without putting the console right: each run's override holds the one before.
  growth({ app, at }) {
    const points = [];
    for (let run = 1; run <= Math.max(...at); run++) {
      render(apps.get(app));
      if (at.includes(run)) {
        global.gc();
        const { rss, heapUsed } = process.memoryUsage();
        points.push({ runs: run, rss, heap: heapUsed });
      }
    }
    return { points };
  },
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { command, ...argument } = JSON.parse(line);
  fs.writeSync(1, JSON.stringify(commands[command](argument)) + "\n");
});
