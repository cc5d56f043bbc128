// G19: comparators, constructors and conversions that change the list, or the buffer, that an engine's function is at work on. A length
// that was read before and is used after is memory of somebody else (CVE-2026-0821, -0822, -1145, -120438 and -120439 had this shape).
const many = (length = 1000) => Array.from({ length }, (_, i) => (i * 7919) % 1009);
const quietly = (make) => {
  try {
    make();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  }
};
const kinds = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  ...(globalThis.Float16Array ? [Float16Array] : []),
];
const room = () => new ArrayBuffer(800, { maxByteLength: 8000 });
/** Each way that a buffer may go while a function works on it. */
const ways = {
  detached: (buffer) => buffer.detached || buffer.transfer(),
  shortened: (buffer) => buffer.resize(8),
  emptied: (buffer) => buffer.resize(0),
  grown: (buffer) => buffer.resize(8000),
  moved: (buffer) => buffer.detached || buffer.transfer(4),
  cloned: (buffer) => buffer.detached || structuredClone(buffer, { transfer: [buffer] }),
};
/** Runs it with each kind of list and each way, and sees that what lies beside has not changed. */
const beside = (work) => ({
  ends: ["ok"],
  times: 5,
  run() {
    for (const Kind of kinds) {
      for (const [name, go] of Object.entries(ways)) {
        const guards = Array.from({ length: 16 }, () => new Uint8Array(800).fill(0xa5));
        const buffer = room(),
          list = new Kind(buffer);
        const one = Kind.name.startsWith("Big") ? 1n : 1;
        let left = 20;
        quietly(() => work(list, () => left-- > 0 && quietly(() => go(buffer)), one, Kind));
        const hurt = guards.find((guard) => guard.some((byte) => byte !== 0xa5));
        if (hurt !== undefined) return `${Kind.name}, ${name}: memory beside it was written`;
      }
    }
  },
});
const value = (go, one) => ({ valueOf: () => (go(), one) });
const attacks = {
  "a comparator at random": {
    ends: ["ok"],
    times: 20,
    run: () => {
      const list = many(5000);
      let seed = 1;
      list.sort(() => ((seed = (Math.imul(seed, 1664525) + 1013904223) | 0), seed));
      return list.length === 5000 && new Set(list).size === 1009 ? "held" : "values got lost";
    },
  },
  "a comparator that gives anything": {
    ends: ["ok"],
    run: () => {
      for (const answer of [NaN, Infinity, -0, "x", {}, null, undefined, [], true, () => {}]) {
        const list = many().sort(() => answer);
        if (list.length !== 1000) return "values got lost";
      }
    },
  },
  "a comparator that throws": {
    ends: ["ok"],
    run: () => {
      const list = many();
      let calls = 0;
      try {
        list.sort((a, b) => {
          if (++calls === 500) throw new TypeError("mine");
          return a - b;
        });
      } catch (error) {
        return error.message === "mine" && list.length === 1000 ? "held" : String(error);
      }
      return "no error came of it";
    },
  },
  "a comparator that shortens": {
    ends: ["ok"],
    run: () => {
      const list = many();
      list.sort((a, b) => ((list.length = 0), a - b));
      return list.length === 1000 || list.length === 0 ? "held" : `it has ${list.length}`;
    },
  },
  "a comparator that grows": {
    ends: ["ok"],
    run: () => {
      const list = many(100);
      list.sort((a, b) => (list.length < 5000 && list.push({}), a - b));
      list.join();
    },
  },
  "a comparator that freezes": {
    ends: ["ok"],
    run: () => {
      const list = many(100);
      quietly(() => list.sort((a, b) => (Object.freeze(list), a - b)));
    },
  },
  "a comparator that sorts": {
    ends: ["ok", "limit-cpu"],
    run: () => {
      const list = many(200);
      let depth = 0;
      list.sort((a, b) => (depth++ < 50 && list.sort(), a - b));
      return list.length === 200 ? "held" : "values got lost";
    },
  },
  "a comparator that makes holes": {
    ends: ["ok"],
    run: () => {
      const list = many();
      let i = 0;
      list.sort((a, b) => (delete list[i++ % 1000], (list[1e6] = 1), a - b));
      list.length = 1000;
    },
  },
  "a comparator that sets accessors": {
    ends: ["ok"],
    run: () => {
      const list = many(100);
      let i = 0;
      quietly(() =>
        list.sort(
          (a, b) => (
            Object.defineProperty(list, i++ % 100, {
              get: () => (list.pop(), 1),
              set() {
                list.length = 0;
              },
              configurable: true,
            }),
            a - b
          ),
        ),
      );
    },
  },
  "a comparator that is a proxy": {
    ends: ["ok"],
    run: () => {
      const list = many();
      const { proxy, revoke } = Proxy.revocable((a, b) => (revoke(), a - b), {});
      quietly(() => list.sort(proxy));
    },
  },
  "sort of typed lists": beside((list, go, one) => list.sort(() => (go(), -1))),
  "toSorted of typed lists": beside((list, go) => list.toSorted(() => (go(), 1))),
  fill: beside((list, go, one) => list.fill(value(go, one))),
  "fill, from a place that changes": beside((list, go, one) => list.fill(one, value(go, 0), 1e6)),
  "set of an array": beside((list, go, one) => list.set([one, value(go, one), one, one])),
  "set at a place that changes": beside((list, go, one) => list.set([one], value(go, 5))),
  "set of a list-like": beside((list, go, one) =>
    list.set({
      length: 50,
      get 0() {
        go();
        return one;
      },
      49: one,
    }),
  ),
  copyWithin: beside((list, go) => list.copyWithin(value(go, 0), 3, 1e9)),
  "copyWithin, to its end": beside((list, go) => list.copyWithin(0, 1, value(go, 90))),
  slice: beside((list, go) => list.slice(value(go, 0), 1e9).fill?.(0)),
  "slice, by species": beside((list, go, one, Kind) => {
    list.constructor = {
      [Symbol.species]: class {
        constructor(length) {
          go();
          return new Kind(length);
        }
      },
    };
    list.slice(0, 50);
  }),
  "slice into itself": beside((list, go, one, Kind) => {
    list.constructor = {
      [Symbol.species]: function () {
        go();
        return list;
      },
    };
    list.slice(0, 50);
  }),
  subarray: beside((list, go) => list.subarray(value(go, 1), 90).at(80)),
  map: beside((list, go, one) => list.map(() => (go(), one))),
  "map, by species that is short": beside((list, go, one, Kind) => {
    list.constructor = {
      [Symbol.species]: function () {
        return new Kind(1);
      },
    };
    list.map(() => (go(), one));
  }),
  filter: beside((list, go) => list.filter(() => (go(), true))),
  with: beside((list, go, one) => list.with(50, value(go, one))),
  "includes and indexOf": beside((list, go, one) => {
    list.includes(undefined, value(go, 0));
    list.indexOf(one, value(go, 0));
    list.lastIndexOf(one, value(go, 99));
  }),
  join: beside((list, go) => list.join({ toString: () => (go(), "x") })),
  toLocaleString: beside((list, go) => {
    const before = Number.prototype.toLocaleString;
    Number.prototype.toLocaleString = () => (go(), "x");
    try {
      list.toLocaleString();
    } finally {
      Number.prototype.toLocaleString = before;
    }
  }),
  "reduce, forEach, every, find": beside((list, go) => {
    list.reduce(() => go());
    list.forEach(go);
    list.every(() => (go(), true));
    list.findLast(() => go());
  }),
  "an iterator": beside((list, go) => {
    for (const _ of list) go();
    for (const _ of list.entries()) go();
  }),
  "reverse and toReversed": beside((list, go) => {
    go();
    list.reverse();
    list.toReversed();
  }),
  "an index with a setter": beside((list, go, one) => {
    list[50] = value(go, one);
    list[99] = value(go, one);
    list[-1] = one;
    list[1e9] = one;
    list["1.5"] = one;
  }),
  Atomics: beside((list, go, one) => {
    Atomics.store(list, 50, value(go, one));
    Atomics.add(list, value(go, 50), one);
    Atomics.compareExchange(list, 50, one, value(go, one));
    Atomics.exchange(list, 99, value(go, one));
  }),
  DataView: beside((list, go) => {
    const view = new DataView(list.buffer, 0);
    view.setFloat64(700, value(go, 1));
    view.setInt32(value(go, 780), 1);
    view.getInt32(700);
  }),
  "DataView, whose length changes": beside((list, go, one, Kind) =>
    new DataView(list.buffer, value(go, 400), 300).setInt8(299, 1),
  ),
  "a constructor, over a buffer that goes": beside((list, go, one, Kind) =>
    new Kind(list.buffer, value(go, 400), 20).fill(one),
  ),
  "a constructor, by new.target's prototype": beside((list, go, one, Kind) =>
    Reflect.construct(
      Kind,
      [list.buffer, 400, 20],
      Object.defineProperty(function () {}.bind(), "prototype", { get: () => (go(), Kind.prototype) }),
    ).fill(one),
  ),
  "a constructor, from an iterator": beside(
    (list, go, one, Kind) =>
      new Kind({
        *[Symbol.iterator]() {
          for (let i = 0; i < 100; i++) {
            go();
            yield one;
          }
        },
      }),
  ),
  "a constructor, from a list that goes": beside((list, go, one, Kind) => {
    Object.defineProperty(list, Symbol.iterator, { get: () => (go(), undefined) });
    new Kind(list);
    Kind.from(list, () => (go(), one));
  }),
  "of and from, into one that is short": beside((list, go, one, Kind) => {
    Kind.of.call(
      function () {
        go();
        return list;
      },
      one,
      one,
      one,
    );
    Kind.from.call(
      function () {
        return new Kind(1);
      },
      [one, one],
    );
  }),
  "TextEncoder.encodeInto": beside((list, go) => {
    if (list instanceof Uint8Array) new TextEncoder().encodeInto({ toString: () => (go(), "x".repeat(700)) }, list);
  }),
  getRandomValues: beside((list, go) => {
    Object.defineProperty(list, "byteLength", { get: () => (go(), 800) });
    if (!/Float/.test(list.constructor.name)) crypto.getRandomValues(list);
  }),
  "resize within resize": beside((list, go) => list.buffer.resize(value(go, 4000))),
  "transfer within transfer": beside((list, go) => list.buffer.transfer(value(go, 4000))),
  "ArrayBuffer.slice, by species": beside((list, go) => {
    list.buffer.constructor = {
      [Symbol.species]: function (length) {
        go();
        return new ArrayBuffer(length);
      },
    };
    list.buffer.slice(0, 700);
  }),
  "concat, by species": {
    ends: ["ok"],
    run: () => {
      const list = many();
      list.constructor = {
        [Symbol.species]: function () {
          list.length = 1;
          return Object.freeze([]);
        },
      };
      quietly(() => list.concat(many()));
      quietly(() => list.splice(0, 1));
    },
  },
  "push, pop, shift, splice of a list whose length is a trap": {
    ends: ["ok"],
    run: () => {
      for (const name of ["push", "pop", "shift", "unshift", "splice", "reverse", "fill", "copyWithin"]) {
        const list = many(50);
        const proxy = new Proxy(list, {
          get: (target, name) => (name === "length" ? ((target.length = 3), 50) : target[name]),
        });
        quietly(() => proxy[name](0, 1, 2));
      }
    },
  },
  "splice with a count that shortens": {
    ends: ["ok"],
    run: () => {
      const list = many();
      list.splice(
        value(() => (list.length = 10), 5),
        900,
        ...many(20),
      );
      return list.length <= 1020 ? "held" : `it has ${list.length}`;
    },
  },
  "flat and flatMap that change": {
    ends: ["ok"],
    run: () => {
      const list = [[1], [2], [3]];
      list.flatMap((inner) => ((list.length = 1), inner));
      Object.defineProperty(list, 0, { get: () => ((list.length = 0), [1, 2]) });
      list.flat();
    },
  },
  "a length near 2^30": {
    ends: ["ok"],
    run: () => {
      for (const length of [2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
        const list = [];
        list.length = length;
        quietly(() => list.push(1));
        quietly(() => list.at(-1));
        quietly(() => list.slice(-1));
        if (list.length < length) return "it got shorter";
      }
    },
  },
  "sort of a list near 2^30": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run: () => {
      const list = [2, 1];
      list.length = 2 ** 30;
      quietly(() => list.sort());
      return list[0] === 1 ? "held" : "it is in another order";
    },
  },
  "typed lists of too many": {
    ends: ["ok"],
    run: () => {
      for (const Kind of kinds)
        for (const length of [2 ** 30, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
          if (length * Kind.BYTES_PER_ELEMENT < 2 ** 32) continue;
          try {
            new Kind(length);
            return `${Kind.name} of ${length}`;
          } catch (error) {
            if (!(error instanceof RangeError)) return String(error);
          }
        }
    },
  },
  "offsets that wrap around": {
    ends: ["ok"],
    run: () => {
      const buffer = new ArrayBuffer(16);
      for (const [offset, length] of [
        [2 ** 32, 1],
        [2 ** 32 - 8, 4],
        [8, 2 ** 32],
        [2 ** 53 - 1, 1],
        [16, 2 ** 30],
        [0, 2 ** 29 + 1],
      ]) {
        try {
          new Float64Array(buffer, offset, length);
          return `${offset}, ${length} were taken`;
        } catch (error) {
          if (!(error instanceof RangeError)) return String(error);
        }
      }
    },
  },
  "views past the end": {
    ends: ["ok"],
    run: () => {
      const view = new DataView(new ArrayBuffer(16));
      for (const at of [13, 16, 2 ** 32, 2 ** 32 - 4, -1, 2 ** 53 - 1]) {
        try {
          view.getInt32(at);
          return `${at} was read`;
        } catch (error) {
          if (!(error instanceof RangeError)) return String(error);
        }
      }
    },
  },
  "a text that changes its kind as it grows": {
    // The shape of CVE-2025-62494.
    ends: ["ok"],
    run() {
      let text = "a".repeat(100);
      for (let i = 0; i < 300; i++)
        text +=
          i % 3
            ? "\u20ac"
            : {
                toString() {
                  text = text.slice(0, 50);
                  return "b".repeat(100);
                },
              };
      return text.length > 300 ? "held" : `it has ${text.length}`;
    },
  },
  "a stack of resources that grows as it is left": {
    // The shape of quickjs-ng's bug 1661.
    ends: ["ok"],
    async run() {
      const stack = new AsyncDisposableStack();
      for (let i = 0; i < 10; i++)
        stack.defer(async () => {
          quietly(() => {
            try {
              stack.defer(() => {});
            } catch (error) {
              if (!(error instanceof ReferenceError)) throw error;
            }
          });
          await stack.disposeAsync();
        });
      await stack.disposeAsync();
      await stack.disposeAsync();
      return stack.disposed ? "held" : "it is there still";
    },
  },
  "Map and Set that change under their loop": {
    ends: ["ok"],
    run: () => {
      const set = new Set(many());
      let turns = 0;
      for (const value of set) {
        set.clear();
        if (turns++ < 1000) set.add(value + turns);
      }
      new Set([1, 2, 3]).union({
        size: 3,
        has: () => true,
        keys: () => ({ next: () => (set.clear(), { done: true }) }),
      });
      const map = new Map(many().map((n) => [n, n]));
      map.forEach((_, key) => {
        map.delete(key);
        if (map.size < 2000 && turns++ < 5000) map.set({}, 1);
      });
      return turns > 0 ? "held" : "it did not loop";
    },
  },
};
