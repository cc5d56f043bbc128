// G07: timers. Each is memory and a place in a queue; each interval is work for ever; and a delay is a number that an app
// chooses freely. 1,000 may wait at a time.
const after = (delay) => new Promise((resolve) => setTimeout(resolve, delay));
const refused = (make) => {
  try {
    make();
    return "more than 1,000 were taken";
  } catch (error) {
    return error instanceof RangeError ? "held" : String(error);
  }
};
const attacks = {
  "1,000,000 timers": {
    ends: ["ok"],
    run: () =>
      refused(() => {
        for (let i = 0; i < 1_000_000; i++) setTimeout(() => {}, 0);
      }),
  },
  "1,000,000 intervals": {
    ends: ["ok"],
    run: () =>
      refused(() => {
        for (let i = 0; i < 1_000_000; i++) setInterval(() => {}, 1);
      }),
  },
  "1,000,000 immediates": {
    ends: ["app-threw", "limit-cpu", "limit-memory"],
    run: () => {
      for (let i = 0; i < 1_000_000; i++) setImmediate(() => {});
      return new Promise(() => {});
    },
  },
  "1,001 AbortSignals with a time": {
    ends: ["app-threw"],
    run: () => {
      for (let i = 0; i < 1001; i++) AbortSignal.timeout(1e9);
    },
  },
  "1,000 and their end": {
    ends: ["ok"],
    async run() {
      let calls = 0;
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 999; i++) setTimeout(() => calls++, i % 3);
        await after(5);
      }
      return calls === 2997 ? "held" : `${calls} calls`;
    },
  },
  "an interval and a wait": {
    ends: ["limit-wall"],
    run() {
      setInterval(() => {}, 1);
      return new Promise(() => {});
    },
  },
  "an interval of 0": {
    ends: ["limit-wall", "limit-cpu"],
    run() {
      setInterval(() => {}, 0);
      return new Promise(() => {});
    },
  },
  "an interval that computes": {
    ends: ["limit-cpu"],
    run() {
      setInterval(() => {
        for (let i = 0; i < 1e5; i++);
      }, 0);
      return new Promise(() => {});
    },
  },
  "a timer that sets the next": {
    ends: ["limit-wall", "limit-cpu"],
    run() {
      const next = () => setTimeout(next, 0);
      next();
      return new Promise(() => {});
    },
  },
  "a timer of 2^31": {
    ends: ["ok"],
    async run() {
      let early = false;
      setTimeout(() => (early = true), 2 ** 31);
      await after(10);
      return "held";
    },
  },
  "a timer of 2^31 - 1 that is waited for": { ends: ["limit-wall"], run: () => after(2 ** 31 - 1) },
  "delays that are no numbers": {
    ends: ["ok"],
    async run() {
      const delays = [NaN, -1, -Infinity, Infinity, "x", null, undefined, {}, [], 2 ** 32, 2 ** 53, -0, 1e308];
      await Promise.race(delays.map(after));
    },
  },
  "a delay whose valueOf sets timers": {
    ends: ["ok", "limit-js-stack"],
    run: () => {
      let depth = 0;
      const delay = { valueOf: () => (depth++ < 100 ? setTimeout(() => {}, delay) : 0) };
      return setTimeout(() => {}, delay) > 0 ? "held" : "no timer";
    },
  },
  "cleared in its own callback": {
    ends: ["ok"],
    async run() {
      let calls = 0;
      await new Promise((resolve) => {
        const id = setInterval(() => {
          if (++calls === 3) (clearInterval(id), resolve());
        }, 1);
      });
      await after(10);
      return calls === 3 ? "held" : `${calls} calls`;
    },
  },
  "cleared by another at the same time": {
    ends: ["ok"],
    async run() {
      let calls = 0;
      const ids = Array.from({ length: 500 }, () => setTimeout(() => (calls++, ids.forEach(clearTimeout)), 1));
      await after(10);
      return calls === 1 ? "held" : `${calls} calls`;
    },
  },
  "ids that are none": {
    ends: ["ok"],
    run: () => {
      for (const id of [-1, 0, NaN, 2 ** 53, 1e308, "x", null, undefined, {}, []])
        (clearTimeout(id), clearInterval(id));
    },
  },
  "nested 100,000 times": {
    ends: ["ok", "limit-wall", "limit-cpu"],
    async run() {
      let depth = 0;
      await new Promise((resolve) => {
        const next = () => (++depth < 100_000 ? setTimeout(next, 0) : resolve());
        next();
      });
      return depth === 100_000 ? "held" : `${depth} deep`;
    },
  },
  "a callback that throws": {
    ends: ["ok"],
    async run() {
      setTimeout(() => {
        throw new Error("from a timer");
      }, 0);
      await after(5);
    },
  },
  "code as a text": {
    ends: ["ok"],
    async run() {
      let threw = false;
      try {
        setTimeout("globalThis.evaluated = true", 0);
      } catch {
        threw = true;
      }
      await after(5);
      return globalThis.evaluated && globalThis.process.mainModule ? "it was evaluated elsewhere" : "held";
    },
  },
  "a wait past the wall": {
    ends: ["limit-wall"],
    async run() {
      for (;;) await after(1000);
    },
  },
};
