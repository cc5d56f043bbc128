// G06: work that comes back after each turn of the event loop: a loop that only watches running code never ends it, and one that
// only counts time waits for what nothing will settle.
const attacks = {
  // Each waits for the one that follows, so that all of them are kept: on a fast processor memory is over first.
  "a promise that follows itself": {
    ends: ["limit-cpu", "limit-memory"],
    run() {
      const next = () => Promise.resolve().then(next);
      return next();
    },
  },
  queueMicrotask: {
    ends: ["limit-cpu"],
    run() {
      const next = () => queueMicrotask(next);
      next();
      return new Promise(() => {});
    },
  },
  "process.nextTick": {
    ends: ["limit-cpu"],
    run() {
      const next = () => process.nextTick(next);
      next();
      return new Promise(() => {});
    },
  },
  "await without an end": {
    ends: ["limit-cpu"],
    async run() {
      for (;;) await null;
    },
  },
  "await in finally": {
    ends: ["limit-cpu"],
    async run() {
      for (;;) {
        try {
          await null;
        } finally {
          await null;
          continue;
        }
      }
    },
  },
  "an async generator": {
    ends: ["limit-cpu"],
    async run() {
      for await (const _ of (async function* () {
        for (;;) yield;
      })())
        continue;
    },
  },
  "then that gives another then": {
    ends: ["limit-cpu"],
    run() {
      const again = { then: (resolve) => resolve(again) };
      return again;
    },
  },
  "two that wake each other": {
    ends: ["limit-cpu"],
    run() {
      const ping = () => Promise.resolve().then(pong),
        pong = () => Promise.resolve().then(ping);
      return ping();
    },
  },
  "each turn doubles": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      const next = () => {
        queueMicrotask(next);
        queueMicrotask(next);
      };
      next();
      return new Promise(() => {});
    },
  },
  "rejections that nothing handles": {
    ends: ["limit-cpu", "limit-console-lines"],
    async run() {
      for (;;) {
        Promise.reject(new Error("x"));
        await null;
      }
    },
  },
  "a stream that feeds itself": {
    ends: ["limit-cpu"],
    run: () => new ReadableStream({ pull: (controller) => controller.enqueue("x") }).pipeTo(new WritableStream()),
  },
  "1,000,000 that wait": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    async run() {
      const waiting = [];
      for (let i = 0; i < 1_000_000; i++) waiting.push(new Promise(() => {}));
      return waiting.length === 1_000_000 ? "held" : "promises got lost";
    },
  },
  "Promise.all of 100,000": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: async () =>
      (await Promise.all(new Array(100_000).fill(null))).length === 100_000 ? "held" : "values got lost",
  },
  "what never settles": { ends: ["app-unsettled"], run: () => new Promise(() => {}) },
  "what waits for itself": {
    ends: ["app-threw", "app-unsettled"],
    run() {
      const self = new Promise((resolve) => queueMicrotask(() => resolve(self)));
      return self;
    },
  },
  "then that never calls back": { ends: ["app-unsettled"], run: () => ({ then() {} }) },
  "Promise.race of nothing": { ends: ["app-unsettled"], run: () => Promise.race([]) },
  "a lock on a stream that is never released": {
    ends: ["app-unsettled"],
    run: () => new ReadableStream().getReader().read(),
  },
  "a port without an answer": {
    ends: ["app-unsettled"],
    run: () => new Promise((resolve) => (new MessageChannel().port1.onmessage = resolve)),
  },
  "microtasks after the answer": {
    ends: ["ok"],
    run() {
      // Nothing keeps the sandbox for them: they go with it.
      let turns = 0;
      const next = () => (turns++ < 1e4 ? queueMicrotask(next) : undefined);
      next();
      return turns === 1 ? "held" : `${turns} turns at once`;
    },
  },
};
