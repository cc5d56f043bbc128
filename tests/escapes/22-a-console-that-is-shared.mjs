// GHSA-r3x4-wr4h-pw33, safer-eval: the sandbox was handed the host's `console`, whose constructor's constructor is the host's Function.
const attacks = {
  "by the constructor's constructor": {
    ends: ["ok"],
    run: () =>
      probe(
        console.constructor.constructor("return globalThis")(),
        console.constructor.constructor("return process")(),
        console.log.constructor("return this")(),
        console,
      ),
  },
  "by what can be reached of it": {
    ends: ["ok"],
    run() {
      const got = [];
      for (const name of Reflect.ownKeys(console))
        got.push(console[name], console[name].constructor?.prototype, Object.getPrototypeOf(console[name]));
      return probe(...got, console.__proto__, console.__proto__.__proto__, console.__lookupGetter__?.("log"));
    },
  },
  "the process that it finds": {
    ends: ["ok"],
    run() {
      const found = console.constructor.constructor("return process")();
      return found === process
        ? probe(found, found.constructor, found.mainModule, found.stdout, found.stdout.write)
        : "another process";
    },
  },
};
