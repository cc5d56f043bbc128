// G10: JSON in and out: names that mean something to a prototype, names that come twice, objects that are deep, wide or circular, and
// objects that run code when they are written.
const deep = 100_000;
const parsed = (text) => JSON.parse(text);
const wrong = (make, ...kinds) => {
  try {
    make();
    return "no error came of it";
  } catch (error) {
    return kinds.some((kind) => error instanceof kind) ? "held" : `${error}`;
  }
};
const attacks = {
  "__proto__ as a name": {
    ends: ["ok"],
    run: () => {
      const object = parsed('{"__proto__":{"polluted":1}}');
      return Object.hasOwn(object, "__proto__") && object.polluted === undefined && {}.polluted === undefined
        ? "held"
        : "a prototype was set";
    },
  },
  "constructor.prototype as names": {
    ends: ["ok"],
    run: () => {
      const object = parsed('{"constructor":{"prototype":{"polluted":1}}}');
      Object.assign({}, object);
      structuredClone(object);
      return {}.polluted === undefined ? "held" : "a prototype was set";
    },
  },
  "__proto__ through a reviver": {
    ends: ["ok"],
    run: () => {
      JSON.parse('{"__proto__":{"polluted":1},"a":1}', (_, value) => value);
      return {}.polluted === undefined ? "held" : "a prototype was set";
    },
  },
  "__proto__ through a body": {
    ends: ["ok"],
    run: async () => {
      const object = await new Response('{"__proto__":{"polluted":1}}').json();
      return {}.polluted === undefined && object.polluted === undefined ? "held" : "a prototype was set";
    },
  },
  "__proto__ through env": {
    ends: ["ok"],
    run: (_, env) =>
      Object.getPrototypeOf(env) === Object.prototype && Object.getPrototypeOf(process.env) === Object.prototype
        ? "held"
        : "env has a foreign prototype",
  },
  "names that come twice": {
    ends: ["ok"],
    run: () => (JSON.stringify(parsed('{"a":1,"b":2,"a":3}')) === '{"a":3,"b":2}' ? "held" : "the last did not win"),
  },
  "1,000,000 names": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      const text = `{${Array.from({ length: 1_000_000 }, (_, i) => `"${i.toString(36)}":0`)}}`;
      return Object.keys(parsed(text)).length === 1_000_000 ? "held" : "names got lost";
    },
  },
  "one name of 8 MiB": {
    ends: ["ok"],
    run: () =>
      Object.keys(parsed(`{"${"x".repeat(8 << 20)}":1}`))[0].length === 8 << 20 ? "held" : "the name got shorter",
  },
  "names that collide in a table": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      const object = {};
      for (let i = 0; i < 200_000; i++) object[`${"\0".repeat(i % 64)}${i}`] = i;
      return Object.keys(object).length === 200_000 ? "held" : "names got lost";
    },
  },
  "deep lists in": {
    ends: ["ok"],
    run: () => wrong(() => parsed("[".repeat(deep) + "]".repeat(deep)), RangeError, SyntaxError, InternalError),
  },
  "deep objects out": {
    ends: ["ok", "limit-cpu"],
    run: () => {
      let tree = {};
      for (let i = 0; i < deep; i++) tree = { tree };
      return wrong(() => Response.json(tree), RangeError, InternalError);
    },
  },
  "a list that opens and does not close": {
    ends: ["ok"],
    run: () => wrong(() => parsed("[".repeat(deep)), SyntaxError, RangeError, InternalError),
  },
  "numbers of a million digits": {
    ends: ["ok", "limit-cpu"],
    run: () =>
      parsed("1".repeat(1_000_000)) === Infinity &&
      parsed(`0.${"0".repeat(1_000_000)}1`) === 0 &&
      parsed(`1e${"9".repeat(100_000)}`) === Infinity
        ? "held"
        : "the number is another",
  },
  "escapes that are no characters": {
    ends: ["ok"],
    run: () =>
      JSON.stringify(parsed('"\\ud800\\u0000\\udfff"')) === '"\\ud800\\u0000\\udfff"'
        ? "held"
        : "a half of a character was lost",
  },
  "what is no JSON": {
    ends: ["ok"],
    run: () => {
      for (const text of [
        "", "{", "[1,]", "{'a':1}", "NaN", "01", "1.", "\ufeff1", '"\n"', "{}{}", "undefined", "//1", "0x1", '"\\x41"',
        "+1", ".5", "[,]", "\v1",
      ]) {
        const came = wrong(() => parsed(text), SyntaxError);
        if (came !== "held") return `${JSON.stringify(text)}: ${came}`;
      }
    },
  },
  "rawJSON that is no JSON": {
    ends: ["ok"],
    run: () => (typeof JSON.rawJSON !== "function" ? "held" : wrong(() => JSON.rawJSON('1,"x":2'), SyntaxError)),
  },
  "getters that are bombs": {
    ends: ["limit-cpu", "limit-memory", "limit-js-stack"],
    run: () => {
      const bomb = () => ({
        get a() {
          return bomb();
        },
        get b() {
          return bomb();
        },
      });
      return JSON.stringify(bomb());
    },
  },
  "what contains itself": {
    ends: ["ok"],
    run: () => {
      const object = { list: [] };
      object.list.push(object);
      return wrong(() => Response.json(object), TypeError);
    },
  },
  "toJSON that throws": {
    ends: ["app-threw"],
    run: () =>
      Response.json({
        toJSON() {
          throw new Error("from toJSON");
        },
      }),
  },
  "toJSON that loops": {
    ends: ["limit-cpu"],
    run: () =>
      Response.json({
        toJSON() {
          for (;;) {}
        },
      }),
  },
  "toJSON that gives itself": {
    ends: ["ok"],
    run: () => {
      const object = { toJSON: () => object, a: 1 };
      return JSON.stringify(object) === '{"a":1}' ? "held" : "it went on";
    },
  },
  "toJSON of everything": {
    ends: ["ok", "app-threw"],
    run: () => {
      Object.prototype.toJSON = () => "mine";
      const text = JSON.stringify({ a: [1] });
      delete Object.prototype.toJSON;
      return text === '"mine"' ? "held" : text;
    },
  },
  "a list that grows as it is written": {
    ends: ["limit-cpu", "limit-memory", "ok"],
    run: () => {
      const list = [
        {
          toJSON() {
            list.push(this, this);
            return 1;
          },
        },
      ];
      return JSON.stringify(list) === "[1]" ? "held" : "it went past the end";
    },
  },
  "a list that shrinks as it is written": {
    ends: ["ok"],
    run: () => {
      const list = [
        {
          toJSON() {
            list.length = 0;
            return 1;
          },
        },
        {},
        {},
      ];
      return JSON.stringify(list) === "[1,null,null]" ? "held" : JSON.stringify(list);
    },
  },
  "a replacer that is a proxy": {
    ends: ["ok"],
    run: () =>
      wrong(
        () =>
          JSON.stringify(
            {},
            new Proxy([], {
              get() {
                throw new TypeError("trap");
              },
            }),
          ),
        TypeError,
      ),
  },
  "an indent of 2^53": {
    ends: ["ok"],
    run: () => (JSON.stringify([1], null, 2 ** 53) === "[\n          1\n]" ? "held" : "the indent is another"),
  },
  "a proxy with endless names": {
    ends: ["limit-cpu", "limit-memory"],
    run: () => {
      let n = 0;
      return JSON.stringify(
        new Proxy(
          {},
          {
            ownKeys: () => Array.from({ length: 100 }, () => `${n++}`),
            getOwnPropertyDescriptor: () => ({
              value: new Proxy(
                {},
                {
                  ownKeys() {
                    for (;;) {}
                  },
                },
              ),
              enumerable: true,
              configurable: true,
            }),
            get: (target, name) =>
              name === "toJSON"
                ? undefined
                : new Proxy(
                    {},
                    {
                      ownKeys() {
                        for (;;) {}
                      },
                    },
                  ),
          },
        ),
      );
    },
  },
  "a head of JSON": {
    ends: ["ok", "app-threw"],
    run: () => {
      const response = Response.json("held", {
        headers: JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}'),
      });
      return response.headers.get("constructor") === "y" ? "held" : "a header was lost";
    },
  },
};
