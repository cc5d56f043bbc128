// G23: what code can find out of the machine, the process and the neighbours that it runs among: environment, arguments, files,
// sockets, clocks, randomness, names. What is there is what the guest's documentation says, and the same on every machine.
import * as childProcess from "node:child_process";
import * as dns from "node:dns";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as workers from "node:worker_threads";

const isConstant = (expected, read) => ({
  ends: ["ok"],
  run() {
    const value = JSON.stringify(read());
    return value === JSON.stringify(expected) ? "held" : `it is ${value}`;
  },
});
/** Calls each, and sees that each throws, rejects or gives nothing. */
const givesNothing = (calls) => ({
  ends: ["ok"],
  async run() {
    for (const [name, call] of Object.entries(calls)) {
      try {
        const value = await Promise.race([call(), new Promise((resolve) => setTimeout(resolve, 5))]);
        if (value) return `${name} gave ${String(value).slice(0, 100)}`;
      } catch {}
    }
  },
});
const path = "/etc/passwd";
const attacks = {
  "the environment": {
    ends: ["ok"],
    run: (_, env) => {
      const foreign = Object.keys(process.env).filter((name) => name !== "NODE_ENV" && env[name] !== process.env[name]);
      return foreign.length === 0 && process.env.PATH === undefined && process.env.HOME === undefined
        ? "held"
        : foreign.join();
    },
  },
  "the environment, by its prototype and names in capitals": {
    ends: ["ok"],
    run: () => {
      for (const name of ["HOME", "USER", "PATH", "PWD", "HOSTNAME", "XDG_CACHE_HOME", "LD_PRELOAD", "RUST_LOG"])
        for (const object of [process.env, process, globalThis, Object.getPrototypeOf(process.env)])
          if (object[name] !== undefined) return `${name} is ${object[name]}`;
    },
  },
  "the arguments": isConstant([["node"], "node", [], "/node"], () => [
    process.argv,
    process.argv0,
    process.execArgv,
    process.execPath,
  ]),
  "the process": isConstant([1, 0, "/", "dayfly", "linux", "wasm32", 18], () => [
    process.pid,
    process.ppid,
    process.cwd(),
    process.title,
    process.platform,
    process.arch,
    process.umask(),
  ]),
  "users of the process": givesNothing(
    Object.fromEntries(
      [
        "getuid", "geteuid", "getgid", "getgroups", "setuid", "getActiveResourcesInfo", "constrainedMemory",
        "availableMemory", "report", "_getActiveHandles",
      ].map((name) => [name, () => process[name]?.()]),
    ),
  ),
  "what a process has and this one has not": isConstant([], () =>
    [
      "mainModule", "dlopen", "_linkedBinding", "moduleLoadList", "openStdin", "loadEnvFile", "permission", "initgroups",
      "_debugProcess", "sourceMapsEnabled",
    ].filter((name) => process[name] !== undefined && name !== "sourceMapsEnabled"),
  ),
  "binding and what else ends or opens it": givesNothing({
    binding: () => process.binding("fs"),
    natives: () => process.binding("natives"),
    linked: () => process._linkedBinding?.("fs"),
    kill: () => process.kill(1, 9),
    abort: () => process.abort(),
    exit: () => process.exit(1),
    reallyExit: () => process.reallyExit?.(1),
    chdir: () => process.chdir("/tmp"),
  }),
  "the memory of the process": isConstant({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }, () =>
    process.memoryUsage(),
  ),
  files: givesNothing({
    readFileSync: () => fs.readFileSync(path),
    readdirSync: () => fs.readdirSync("/"),
    existsSync: () => fs.existsSync(path),
    statSync: () => fs.statSync(path),
    readFile: () =>
      new Promise((resolve, reject) => fs.readFile(path, (error, data) => (error ? reject(error) : resolve(data)))),
    promises: () => fs.promises.readFile(path),
    realpath: () => fs.realpathSync("/proc/self/exe"),
    write: () => fs.writeFileSync("/tmp/x", "x"),
    stream: () => new Promise((resolve, reject) => fs.createReadStream(path).on("data", resolve).on("error", reject)),
    watch: () => fs.watchFile(path, () => {})?.size,
    descriptor: () => fs.readSync(0, new Uint8Array(8)),
    glob: () => fs.globSync?.("/*").length,
  }),
  sockets: givesNothing({
    connect: () =>
      new Promise((resolve, reject) =>
        net
          .connect(80, "127.0.0.1")
          .on("connect", () => resolve("a connection"))
          .on("error", reject),
      ),
    server: () =>
      new Promise((resolve, reject) =>
        net
          .createServer()
          .listen(0)
          .on("listening", () => resolve("a server"))
          .on("error", reject),
      ),
    lookup: () =>
      new Promise((resolve, reject) =>
        dns.lookup("localhost", (error, address) => (error ? reject(error) : resolve(address))),
      ),
    resolve: () => dns.promises.resolve("localhost"),
  }),
  "other processes and threads": givesNothing({
    exec: () => childProcess.execSync("id"),
    spawn: () => childProcess.spawnSync("id").stdout,
    fork: () => childProcess.fork("x").pid,
    worker: () => new workers.Worker("x").threadId,
  }),
  "the machine's name and parts": {
    ends: ["ok"],
    run: () => {
      const told = {};
      for (const name of [
        "hostname", "userInfo", "networkInterfaces", "cpus", "loadavg", "totalmem", "freemem", "uptime", "homedir",
        "release", "version", "machine",
      ]) {
        try {
          told[name] = os[name]?.();
        } catch {}
      }
      const text = JSON.stringify(told);
      return !told.hostname &&
        Object.keys(told.networkInterfaces ?? {}).every((name) => name === "lo0") &&
        (told.cpus ?? []).every(({ model, speed }) => !model && !speed) &&
        !told.totalmem &&
        !told.freemem &&
        !/\/home|x86|debian|ubuntu|amd64|intel|aarch/i.test(text)
        ? "held"
        : text;
    },
  },
  "the browser's names": {
    ends: ["ok"],
    run: () => {
      const text = JSON.stringify([
        navigator.userAgent, navigator.platform, navigator.language, navigator.languages, navigator.hardwareConcurrency,
        navigator.deviceMemory, navigator.connection,
      ]);
      return /linux|x86|debian|wasmtime|quickjs|\d{2,} cores/i.test(text) || (navigator.hardwareConcurrency ?? 1) > 1
        ? text
        : "held";
    },
  },
  "the locale and the time zone": isConstant(["en-US", "UTC", 0], () => {
    const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    return [locale, timeZone, new Date(2020, 6, 1).getTimezoneOffset()];
  }),
  "clocks that can be watched": {
    ends: ["ok"],
    run: () => {
      const clocks = [
        Date.now,
        () => performance.now(),
        () => process.hrtime().join(),
        process.hrtime.bigint,
        process.uptime,
        () => new Date().getTime(),
        () => new Event("x").timeStamp,
        () => performance.mark("x").startTime,
        () => performance.timeOrigin,
        () => new File([], "x").lastModified,
      ];
      for (const clock of clocks) {
        const seen = new Set();
        for (let i = 0; i < 2000; i++) seen.add(clock());
        if (seen.size !== 1) return `${clock} gave ${seen.size} times`;
      }
    },
  },
  "clocks after a wait": {
    ends: ["ok"],
    async run() {
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      const passed = performance.now() - start;
      return passed >= 15 && passed < 2000 ? "held" : `${passed} ms`;
    },
  },
  "a clock from a timer's order": {
    ends: ["ok"],
    async run() {
      let turns = 0;
      setTimeout(() => (turns = -1e9), 1);
      for (let i = 0; i < 5000; i++) (await null, turns++);
      return turns === 5000 ? "held" : "a timer came within microtasks";
    },
  },
  "randomness that is the bundle's": {
    ends: ["ok"],
    times: 5,
    run: () => {
      const draws = new Set([
        Math.random(),
        Math.random(),
        crypto.randomUUID(),
        crypto.randomUUID(),
        crypto.getRandomValues(new Uint32Array(2)).join(),
        atBuild,
      ]);
      return draws.size === 6 && !draws.has(0) ? "held" : [...draws].join();
    },
  },
  "what an address would be": {
    ends: ["ok"],
    run: () => {
      const texts = [
        String(() => {}),
        String(console.log),
        String(Symbol()),
        new Error("x").stack,
        Object.prototype.toString.call(globalThis),
        String(fetch),
        String(new WeakRef({})),
      ];
      return texts.some((text) => /0x[0-9a-f]{5,}|\/(?:home|root|usr|tmp)\//i.test(text)) ? texts.join() : "held";
    },
  },
  "the order of a table's slots": {
    ends: ["ok"],
    run: () => {
      const names = Object.keys(
        Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${(i * 7919) % 1000}`, i])),
      );
      return names[0] === "k0" && names[1] === "k919" ? "held" : names.slice(0, 3).join();
    },
  },
  "the versions": {
    ends: ["ok"],
    run: () => {
      const text = JSON.stringify([
        process.versions,
        process.version,
        process.release,
        process.config,
        process.features,
      ]);
      return /wasmtime|quickjs|rust|openssl|v8/i.test(text) ? text : "held";
    },
  },
  "requests of others": {
    ends: ["ok"],
    run: (request) => {
      const names = [...request.headers.keys()].filter((name) =>
        /tenant|internal|token|authorization|forwarded/i.test(name),
      );
      return names.length === 0 && new URL(request.url).pathname === "/" ? "held" : names.join();
    },
  },
  "what the render before left": {
    ends: ["ok"],
    times: 20,
    run: () => {
      const found = globalThis.left ?? left.length;
      globalThis.left = "mine";
      left.push("mine");
      process.env.LEFT = "mine";
      return found === 0 ? "held" : `it left ${found}`;
    },
  },
};
const left = [];
const atBuild = "drawn at the build, if it were";
