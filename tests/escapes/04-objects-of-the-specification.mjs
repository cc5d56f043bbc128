// CVE-2023-32314 (GHSA-whpj-8f3w-67p5), vm2: some steps of the specification make an object for a proxy's trap (a list of arguments, a
// descriptor); made in the host's realm, its constructor is the host's.
const attacks = {
  "what traps are given": {
    ends: ["ok"],
    run() {
      const got = [];
      const traps = [
        "apply", "construct", "defineProperty", "deleteProperty", "get", "getOwnPropertyDescriptor", "getPrototypeOf",
        "has", "isExtensible", "ownKeys", "preventExtensions", "set", "setPrototypeOf",
      ];
      const handler = Object.fromEntries(
        traps.map((name) => [name, (...values) => (got.push(...values), Reflect[name](...values))]),
      );
      const proxy = new Proxy(function () {}, handler);
      const uses = [
        () => proxy(1, {}),
        () => new proxy([]),
        () => Object.defineProperty(proxy, "x", { value: 1 }),
        () => (proxy.y = 1),
        () => Object.getOwnPropertyDescriptors(proxy),
        () => Object.assign(proxy, { z: 1 }),
        () => "x" in proxy,
        () => proxy.toString(),
        () => JSON.stringify([proxy, { toJSON: proxy }]),
        () => [1].map(proxy),
        () => "a".replace(/a/, proxy),
        () => Reflect.apply(proxy, null, { length: 2 }),
        () => new (class extends proxy {})(),
        () => `${proxy}`,
        () => structuredClone(proxy),
        () => console.log(proxy),
        () => new Response(proxy),
        () => Promise.resolve(1).then(proxy),
        () => setTimeout(proxy, 0),
        () => new ReadableStream({ start: proxy }),
        () => JSON.parse("[1]", proxy),
        () => tag`a${1}b`,
      ];
      const tag = proxy;
      for (const use of uses) {
        try {
          got.push(use());
        } catch (error) {
          got.push(error);
        }
      }
      return probe(...got);
    },
  },
};
