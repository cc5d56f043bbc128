// G18: integers without a bound. One short expression asks for more memory than there is, or for more time, within a single operation of
// the interpreter.
const bounded = (make) => () => {
  try {
    make();
  } catch (error) {
    return error instanceof RangeError ? "held" : String(error);
  }
};
const digits = "7".repeat(1_000_000);
const attacks = {
  "2n ** (2n ** 30n)": { ends: ["ok", "limit-memory", "limit-cpu"], run: bounded(() => 2n ** (2n ** 30n)) },
  "2n ** (2n ** 64n)": { ends: ["ok"], run: bounded(() => 2n ** (2n ** 64n)) },
  "a shift by 2^31": { ends: ["ok", "limit-memory"], run: bounded(() => 1n << 2147483648n) },
  "a shift by 2^64": { ends: ["ok"], run: bounded(() => 1n << (1n << 64n)) },
  "a shift to the right by 2^64": {
    ends: ["ok"],
    run: () => (1n >> (1n << 64n) === 0n && -1n >> (1n << 64n) === -1n ? "held" : "the sum is another"),
  },
  "a negative power": { ends: ["ok"], run: bounded(() => 2n ** -1n) },
  "a division by 0": { ends: ["ok"], run: bounded(() => 1n / 0n) },
  "powers of powers": {
    ends: ["ok", "limit-memory", "limit-cpu"],
    run: bounded(() => {
      for (let n = 3n; ;) n **= 3n;
    }),
  },
  "1,000,000 digits, read": { ends: ["ok", "limit-cpu"], run: bounded(() => BigInt(digits)) },
  "1,000,000 digits, written": { ends: ["ok", "limit-cpu"], run: bounded(() => String(1n << 3_300_000n).length) },
  "1,000,000 digits, there and back": {
    ends: ["ok", "limit-cpu"],
    run: bounded(() => BigInt(`0x${digits}`).toString(7)),
  },
  "1,000,000 digits in a program": {
    ends: ["ok", "limit-cpu"],
    run: () => {
      try {
        (0, eval)(`${digits}n`);
      } catch (error) {
        return error instanceof RangeError || error instanceof SyntaxError ? "held" : String(error);
      }
    },
  },
  "1,000,000 digits by themselves": {
    ends: ["limit-cpu"],
    run: bounded(() => {
      for (let n = BigInt(`0x${digits.slice(0, 100_000)}`); ;) (n * n) % (n - 1n);
    }),
  },
  "asIntN of 2^53 - 1": { ends: ["ok", "limit-memory"], run: bounded(() => BigInt.asUintN(2 ** 53 - 1, -1n)) },
  "asIntN near 64": {
    ends: ["ok"],
    run: () =>
      BigInt.asIntN(64, 2n ** 63n) === -(2n ** 63n) &&
      BigInt.asUintN(64, -1n) === 2n ** 64n - 1n &&
      BigInt.asIntN(0, 5n) === 0n
        ? "held"
        : "the sum is another",
  },
  "mixed with numbers": {
    ends: ["ok"],
    run: () => {
      for (const make of [
        () => 1n + 1,
        () => Math.max(1n),
        () => +1n,
        () => 1n >>> 0n,
        () => new Uint8Array([1n]),
        () => new BigInt64Array([1]),
        () => BigInt(1.5),
        () => BigInt("x"),
        () => BigInt(NaN),
        () => JSON.stringify(1n),
      ]) {
        try {
          return `it gave ${make()}`;
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError))
            return String(error);
        }
      }
    },
  },
  "compared with numbers and texts": {
    ends: ["ok"],
    run: () =>
      2n ** 1024n > Number.MAX_VALUE &&
      2n ** 1024n < Infinity &&
      1n < 1.5 &&
      !(1n < NaN) &&
      10n > "9" &&
      !(1n < "x") &&
      0n == ""
        ? "held"
        : "an order is another",
  },
  "as a length, an index, a delay": {
    ends: ["ok"],
    run: () => {
      for (const make of [
        () => new Array(2n ** 100n).length === 1,
        () => "x".at(0n),
        () => setTimeout(() => {}, 1n),
        () => new ArrayBuffer(1n),
        () => "x".repeat(1n),
        () => new Date(1n),
      ]) {
        try {
          if (make() === false) return "a length came of it";
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof RangeError)) return String(error);
        }
      }
    },
  },
  "in a format": {
    ends: ["ok", "limit-cpu", "app-threw"],
    run: () => {
      if ((2n ** 20_000n).toLocaleString("de").length < 6000) return "digits got lost";
    },
  },
  "in a list of 64 bits": {
    ends: ["ok"],
    run: () => {
      const list = new BigUint64Array([2n ** 64n, -1n, 2n ** 100n + 5n]);
      return list.join() === "0,18446744073709551615,5" ? "held" : list.join();
    },
  },
  "in a clone and on the console": {
    ends: ["ok", "limit-console-bytes", "limit-cpu"],
    run: () => {
      const n = 1n << 100_000n;
      console.log(n);
      return structuredClone(n) === n ? "held" : "it is another";
    },
  },
  "100,000 at once": {
    ends: ["ok", "limit-memory", "limit-cpu"],
    run: () => {
      const list = Array.from({ length: 100_000 }, (_, i) => BigInt(i) ** 20n);
      return list.length === 100_000 ? "held" : "some got lost";
    },
  },
};
