// GHSA-6785-pvv7-mvg7, vm2: one call of `Buffer.alloc` with a large number, which no timeout can interrupt, takes the host's memory and
// its one thread. Here it is the render's own memory, and a clock that is outside.
const attacks = {
  "Buffer.alloc of 1 GiB": { ends: ["limit-memory"], run: () => `there are ${Buffer.alloc(2 ** 30).length}` },
  "Buffer.alloc that fills": {
    ends: ["limit-memory", "limit-cpu"],
    run: () => `there are ${Buffer.alloc(2 ** 28, "abc").length}`,
  },
  "Buffer.allocUnsafe, for what was there before": {
    ends: ["ok"],
    run() {
      for (let i = 0; i < 200; i++)
        if (Buffer.allocUnsafe(4096).some((byte) => byte !== 0)) return "there was something in it";
      return probe(Buffer.allocUnsafe(1));
    },
  },
  "Buffer.concat to more than there is": {
    ends: ["limit-memory", "app-threw"],
    run: () => `there are ${Buffer.concat(new Array(1000).fill(Buffer.alloc(1 << 20))).length}`,
  },
  "Buffer.alloc of what is no length": {
    ends: ["ok"],
    run() {
      const got = [];
      for (const length of [-1, NaN, 2 ** 53, Infinity, "x", {}, 1n]) {
        try {
          got.push(Buffer.alloc(length));
        } catch (error) {
          got.push(error);
        }
      }
      return probe(...got);
    },
  },
  "in a loop that catches": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      const kept = [];
      for (;;) {
        try {
          kept.push(Buffer.alloc(1 << 22, 1));
        } catch {}
      }
    },
  },
};
