// G08: the console, the one host call that needs nothing but text. A flood fills what a host keeps; a value that is printed may
// run code as it is looked at; and a text may look like lines of somebody else.
const attacks = {
  "1,000,000 lines": {
    ends: ["limit-console-lines"],
    run() {
      for (let i = 0; i < 1_000_000; i++) console.log("x");
    },
  },
  "1,000,000 empty lines": {
    ends: ["limit-console-lines"],
    run() {
      for (let i = 0; i < 1_000_000; i++) console.log();
    },
  },
  "one line of 100 MB": {
    ends: ["limit-console-bytes", "limit-memory", "limit-cpu"],
    run: () => console.log("x".repeat(100_000_000)),
  },
  "one line of 20 MB": { ends: ["limit-console-bytes"], run: () => console.log("x".repeat(20_000_000)) },
  "lines that add up": {
    ends: ["limit-console-bytes"],
    run() {
      for (;;) console.log("x".repeat(1000));
    },
  },
  "every level": {
    ends: ["limit-console-lines"],
    run() {
      for (;;)
        for (const level of ["debug", "info", "log", "warn", "error", "trace", "dir", "table"]) console[level]("x");
    },
  },
  "lines through process.stdout": {
    ends: ["limit-console-lines"],
    run() {
      for (;;) process.stdout.write("x\n");
    },
  },
  "through reportError": {
    ends: ["limit-console-lines"],
    run() {
      for (;;) reportError(new Error("x"));
    },
  },
  "groups without an end": {
    ends: ["ok"],
    run() {
      for (let i = 0; i < 1e5; i++) console.group();
      console.log("deep");
    },
  },
  "a group for each line": {
    ends: ["limit-console-lines"],
    run() {
      for (;;) console.group("x");
    },
  },
  "counts with a million labels": {
    ends: ["limit-console-lines"],
    run() {
      for (let i = 0; i < 1_000_000; i++) console.count(`label ${i}`);
    },
  },
  "times with a million labels": {
    ends: ["ok", "limit-cpu"],
    run() {
      for (let i = 0; i < 100_000; i++) console.time(`label ${i}`);
    },
  },
  "a getter that loops": {
    ends: ["ok"],
    run: () =>
      console.log({
        get x() {
          for (;;) {}
        },
      }),
  },
  "inspect.custom that loops": {
    ends: ["limit-cpu"],
    run: () =>
      console.log({
        [Symbol.for("nodejs.util.inspect.custom")]() {
          for (;;) {}
        },
      }),
  },
  "inspect.custom that throws": {
    ends: ["ok"],
    run: () =>
      console.log({
        [Symbol.for("nodejs.util.inspect.custom")]() {
          throw new Error("x");
        },
      }),
  },
  "inspect.custom that gives itself": {
    ends: ["ok", "limit-js-stack", "limit-cpu"],
    run: () =>
      console.log({
        [Symbol.for("nodejs.util.inspect.custom")](_, __, inspect) {
          return inspect(this);
        },
      }),
  },
  "toString that loops": {
    ends: ["limit-cpu"],
    run: () =>
      console.log("%s", {
        toString() {
          for (;;) {}
        },
      }),
  },
  "Symbol.toPrimitive that loops": {
    ends: ["limit-cpu"],
    run: () =>
      console.log("%d", {
        [Symbol.toPrimitive]() {
          for (;;) {}
        },
      }),
  },
  "Symbol.toStringTag that throws": {
    ends: ["ok"],
    run: () =>
      console.log({
        get [Symbol.toStringTag]() {
          throw new Error("x");
        },
      }),
  },
  "a constructor's name that throws": {
    ends: ["ok"],
    run: () =>
      console.log(
        Object.create({
          get constructor() {
            throw new Error("x");
          },
        }),
      ),
  },
  "a proxy whose traps throw": {
    ends: ["ok"],
    run: () => {
      const { proxy } = {
        proxy: new Proxy(
          () => {},
          new Proxy(
            {},
            {
              get() {
                throw new Error("trap");
              },
            },
          ),
        ),
      };
      console.log(proxy, [proxy], { proxy });
      console.table(proxy);
    },
  },
  "an error whose parts throw": {
    ends: ["ok"],
    run: () => {
      const thrower = {
        get() {
          throw new Error("x");
        },
      };
      console.log(
        Object.defineProperties(new Error("x"), { name: thrower, message: thrower, stack: thrower, cause: thrower }),
      );
    },
  },
  "an array that is shortened as it is printed": {
    // The shape of CVE-2025-62490.
    ends: ["ok"],
    run() {
      const list = Array.from({ length: 90 }, (_, i) => ({ i }));
      list[1] = {
        [Symbol.for("nodejs.util.inspect.custom")]() {
          list.length = 0;
          list.push({}, 1);
          return "shortened";
        },
      };
      console.log(list);
      console.table(list);
    },
  },
  "an array that grows as it is printed": {
    ends: ["ok"],
    run() {
      const list = [1];
      list.push({
        [Symbol.for("nodejs.util.inspect.custom")]() {
          for (let i = 0; i < 1000; i++) list.push(list.length);
          return "grown";
        },
      });
      console.log(list);
    },
  },
  "bytes that are detached as they are printed": {
    ends: ["ok"],
    run() {
      const bytes = new Uint8Array(100);
      Object.defineProperty(bytes, "constructor", {
        get() {
          bytes.buffer.transfer?.();
          return Uint8Array;
        },
      });
      console.log(bytes);
      try {
        bytes.buffer.transfer();
      } catch {}
      console.log(bytes, bytes.buffer);
    },
  },
  "a Map that is cleared as it is printed": {
    ends: ["ok"],
    run() {
      const map = new Map([[1, 1]]);
      map.set(2, { [Symbol.for("nodejs.util.inspect.custom")]: () => (map.clear(), "cleared") }).set(3, 3);
      console.log(map);
    },
  },
  "formats without an end": {
    ends: ["ok", "limit-cpu", "limit-console-bytes"],
    run: () => console.log("%s%o%O%d%i%f%j%c%%".repeat(50_000), ...new Array(1000).fill({ a: [1] })),
  },
  "widths in a format": { ends: ["ok"], run: () => console.log("%1000000000d %*s %n %x %p", 1, 2, 3) },
  "a wide table": {
    ends: ["ok", "limit-cpu", "limit-console-bytes"],
    run: () => console.table(Array.from({ length: 300 }, (_, i) => ({ [`column ${i}`]: i }))),
  },
  "objects of 1,000,000 names": {
    ends: ["ok", "limit-cpu", "limit-console-bytes"],
    run: () => {
      const object = {};
      for (let i = 0; i < 100_000; i++) object[`name ${i}`] = i;
      console.log(object);
    },
  },
  "depth without an end": {
    ends: ["ok", "limit-cpu", "limit-memory", "limit-console-bytes"],
    run: () => {
      let tree = {};
      for (let i = 0; i < 40; i++) tree = { a: tree, b: tree };
      console.dir(tree, { depth: Infinity });
    },
  },
  "control characters": {
    ends: ["ok"],
    run: () => console.log("\x1b[2J\x1b]0;title\x07\x9b31m red \x00 nul \r carriage \b\b back \x7f"),
  },
  "lines of somebody else": {
    ends: ["ok"],
    run: () =>
      console.log(
        'x\n{"level":"error","tenant":"another","message":"forged"}\r\n\r\n2026-01-01 forged\u2028forged\u2029forged\u0085forged',
      ),
  },
  "text that runs backwards": { ends: ["ok"], run: () => console.log("\u202egnp.exe\u202c \u2066\u2067\u200b\ufeff") },
  "halves of characters": {
    ends: ["ok"],
    run: () => console.log("\ud800", "\udc00\ud800", Symbol("\udfff"), { "\ud800": "\udc00" }),
  },
  "options that are hostile": {
    ends: ["ok"],
    run: () =>
      console.dir(
        { a: 1 },
        new Proxy(
          {},
          {
            get() {
              throw new Error("x");
            },
            ownKeys() {
              throw new Error("x");
            },
          },
        ),
      ),
  },
  "a call with 60,000 arguments": {
    ends: ["ok", "limit-console-bytes", "limit-js-stack"],
    run: () => console.log(...new Array(60_000).fill("x")),
  },
  "a line from a toString within a line": {
    ends: ["ok"],
    run: () => console.log("%s", { toString: () => (console.log("inner"), "outer") }),
  },
};
