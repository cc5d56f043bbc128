// G16: code that runs as garbage is found: at moments that the app does not choose, perhaps within the engine's own work, perhaps when
// the answer is out. Collection is also a clock, for who can watch it.
const kept = [];
const wait = () => new Promise((resolve) => setTimeout(resolve, 2));
const garbage = (count) => {
  for (let i = 0; i < count; i++) {
    const a = {},
      b = { a };
    a.b = b;
  }
};
const attacks = {
  "1,000,000 WeakRefs": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      for (let i = 0; i < 1_000_000; i++) new WeakRef({});
    },
  },
  "1,000,000 WeakRefs of what lives": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      for (let i = 0; i < 1_000_000; i++) kept.push(new WeakRef(kept));
    },
  },
  "a WeakRef, after its object": {
    ends: ["ok"],
    async run() {
      const refs = Array.from({ length: 1000 }, () => new WeakRef({ secret: 1 }));
      garbage(20_000);
      await wait();
      garbage(20_000);
      for (const ref of refs) {
        const value = ref.deref();
        if (value !== undefined && value.secret !== 1) return `it gave ${String(value)}`;
      }
    },
  },
  "1,000,000 registered": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      const registry = new FinalizationRegistry(() => {});
      for (let i = 0; i < 1_000_000; i++) registry.register({}, i);
    },
  },
  "a callback that loops": {
    ends: ["ok", "limit-cpu"],
    async run() {
      const registry = new FinalizationRegistry(() => {
        for (;;) {}
      });
      registry.register({}, 1);
      garbage(20_000);
      await wait();
      await wait();
    },
  },
  "a callback that throws": {
    ends: ["ok"],
    async run() {
      const registry = new FinalizationRegistry(() => {
        throw new Error("from a registry");
      });
      for (let i = 0; i < 100; i++) registry.register({}, i);
      garbage(20_000);
      await wait();
    },
  },
  "a callback that registers the next": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    async run() {
      const registry = new FinalizationRegistry(() => {
        registry.register({}, 1);
        registry.register({}, 2);
      });
      registry.register({}, 0);
      for (let i = 0; i < 20; i++) (garbage(1000), await wait());
    },
  },
  "a callback that brings its object back": {
    ends: ["ok"],
    async run() {
      const registry = new FinalizationRegistry((held) => kept.push(held));
      (() => {
        const object = {};
        registry.register(object, { object: new WeakRef(object) });
      })();
      garbage(20_000);
      await wait();
      for (const { object } of kept) if (object.deref() !== undefined) return "what is gone came back";
    },
  },
  "callbacks after the answer": {
    ends: ["ok"],
    run: () => {
      const registry = new FinalizationRegistry(() => console.log("after the answer")),
        response = new Response("held");
      response.kept = Array.from({ length: 1000 }, () => ({}));
      for (const object of response.kept) registry.register(object, 1);
      globalThis.registry = registry;
      return response;
    },
  },
  "unregistered within a callback": {
    ends: ["ok"],
    async run() {
      const token = {},
        registry = new FinalizationRegistry(() => registry.unregister(token));
      for (let i = 0; i < 1000; i++) registry.register({}, i, token);
      garbage(20_000);
      await wait();
    },
  },
  "a registry that is garbage itself": {
    ends: ["ok"],
    async run() {
      for (let i = 0; i < 1000; i++) new FinalizationRegistry(() => {}).register({}, i);
      garbage(20_000);
      await wait();
    },
  },
  "a key that holds itself": {
    ends: ["ok"],
    run: () => {
      for (let i = 0; i < 10_000; i++) {
        const map = new WeakMap(),
          key = {};
        map.set(key, { key, map });
        key.map = map;
      }
      garbage(10_000);
    },
  },
  "rings of weak keys": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      const map = new WeakMap();
      for (let i = 0; i < 2000; i++) {
        const keys = Array.from({ length: 10 }, () => ({}));
        keys.forEach((key, i) => map.set(key, keys[(i + 1) % 10]));
      }
      garbage(20_000);
    },
  },
  "what cannot be held weakly": {
    ends: ["ok"],
    run: () => {
      for (const value of [1, "x", null, undefined, true, 1n, Symbol.for("x")])
        for (const hold of [
          () => new WeakRef(value),
          () => new WeakSet([value]),
          () => new FinalizationRegistry(() => {}).register(value, 1),
        ]) {
          try {
            hold();
            return `${String(value)} was taken`;
          } catch (error) {
            if (!(error instanceof TypeError)) return String(error);
          }
        }
    },
  },
  "collection as a clock": {
    ends: ["ok"],
    async run() {
      const start = [Date.now(), performance.now()].join();
      new FinalizationRegistry(() => {}).register({}, 1);
      garbage(100_000);
      return [Date.now(), performance.now()].join() === start ? "held" : "the clock moved";
    },
  },
  "work after the answer": {
    ends: ["ok"],
    run: () => {
      Promise.resolve()
        .then(() => {})
        .then(() => {})
        .then(() => setTimeout(() => console.log("after the answer"), 1));
    },
  },
  "a timer after the answer": {
    ends: ["ok"],
    run: () => {
      setTimeout(() => console.log("after the answer"), 5);
      setInterval(() => console.log("after the answer"), 1);
    },
  },
  "a call that nobody waits for": {
    ends: ["ok"],
    run: () => {
      fetch("http://127.0.0.1/")
        .finally(() => console.log("refused"))
        .catch(() => {});
    },
  },
};
