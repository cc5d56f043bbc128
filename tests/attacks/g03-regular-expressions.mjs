// G03: patterns that take exponential time, or that are themselves enormous. The matcher and its compiler recurse and loop
// without running JavaScript; they have to end as the app's own loops do, and never as a fault of the host.
const bang = (length) => "a".repeat(length) + "!";
const attacks = {
  "^(a+)+$ over 40 characters": { ends: ["limit-cpu"], run: () => /^(a+)+$/.test(bang(40)) },
  "nested quantifiers": { ends: ["limit-cpu"], run: () => /^((a*)*)*b$/.test(bang(40)) },
  "alternatives that overlap": { ends: ["limit-cpu"], run: () => /^(a|aa|a?a)+$/.test(bang(60)) },
  "a? thirty times and a thirty times": {
    ends: ["limit-cpu"],
    run: () => new RegExp("^" + "a?".repeat(40) + "a".repeat(40) + "$").test("a".repeat(39) + "!"),
  },
  "a lookbehind": { ends: ["limit-cpu"], run: () => /(?<=!(a+)+)b/.test("a".repeat(40) + "b") },
  "a lookahead": { ends: ["limit-cpu"], run: () => /^(?=(a+)+$)/.test(bang(40)) },
  "a reference back": { ends: ["limit-cpu"], run: () => /^(a*)*\1*\1*\1*b$/.test(bang(60)) },
  "without regard to case, in Unicode": { ends: ["limit-cpu"], run: () => /^(\p{L}+)+$/iu.test("ß".repeat(40) + "!") },
  "in split, for each place anew": { ends: ["limit-cpu"], run: () => bang(50_000).split(/a*b/) },
  "in matchAll": { ends: ["limit-cpu"], run: () => [...bang(50_000).matchAll(/(?:a+)*b/g)] },
  "in a URLPattern": {
    ends: ["limit-cpu"],
    run: () => new URLPattern({ pathname: "/((?:a+)+)b" }).test(`http://a/${bang(40)}`),
  },
  "a pattern of 1 MiB": {
    ends: ["ok"],
    run() {
      try {
        new RegExp("a".repeat(1 << 20)).test("b");
      } catch (error) {
        if (!(error instanceof SyntaxError)) return String(error);
      }
    },
  },
  "a pattern of 1 MiB of alternatives": {
    ends: ["limit-cpu", "ok", "limit-js-stack"],
    run() {
      try {
        new RegExp("a|".repeat(1 << 19)).test("b");
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    },
  },
  "200,000 groups in one another": {
    ends: ["ok"],
    run() {
      try {
        new RegExp("(".repeat(200_000) + ")".repeat(200_000));
        return "such a pattern was taken";
      } catch (error) {
        return error instanceof SyntaxError || error instanceof RangeError || error instanceof InternalError
          ? "held"
          : String(error);
      }
    },
  },
  "10,000 groups beside one another": {
    ends: ["ok"],
    run() {
      try {
        return new RegExp("()".repeat(10_000)).exec("").length === 10_001 ? "held" : "groups got lost";
      } catch (error) {
        return error instanceof SyntaxError ? "held" : String(error);
      }
    },
  },
  "quantifiers that multiply": {
    ends: ["ok", "limit-cpu", "limit-memory"],
    run() {
      try {
        new RegExp("(?:".repeat(8) + "a" + "){1000}".repeat(8)).test("a");
      } catch (error) {
        if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof InternalError))
          return String(error);
      }
    },
  },
  "classes whose code does not fit 16 bits": {
    // The shape of CVE-2025-62495: a pattern's code larger than the field that holds its size.
    ends: ["ok", "limit-cpu", "limit-memory"],
    run() {
      const ranges = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(0x100 + 3 * (i % 18_000)) + "x").join(
        "",
      );
      for (const source of [`[${ranges}]`, `(?:[${ranges}]|b){2}`, `(?<=[${ranges}])`]) {
        try {
          new RegExp(source, "u").exec("aaaa");
        } catch (error) {
          if (!(error instanceof SyntaxError)) return String(error);
        }
      }
    },
  },
  "backtracking over 4,000,000 characters": {
    ends: ["ok", "limit-cpu", "limit-memory", "limit-js-stack"],
    run() {
      try {
        return /^(?:a|b)*c/.test("ab".repeat(2_000_000)) ? "what is not there was found" : "held";
      } catch (error) {
        return error instanceof InternalError || error instanceof RangeError ? "held" : String(error);
      }
    },
  },
  "exec that always finds the same": {
    ends: ["limit-cpu", "limit-memory"],
    run() {
      const pattern = /a/g;
      pattern.exec = () => Object.assign(["a"], { index: 0 });
      return "a".replace(pattern, "b");
    },
  },
  "lastIndex that never rests": {
    ends: ["limit-cpu"],
    run() {
      const pattern = /a/g;
      for (const text = "a".repeat(10); ; pattern.lastIndex = 0) pattern.test(text);
    },
  },
  "a pattern recompiled while it matches": {
    ends: ["ok"],
    run() {
      const pattern = /(a)(b)?/g;
      const out = "abab".replace(pattern, () => (pattern.compile("c".repeat(1000), "g"), "x"));
      return /^[xab]*$/.test(out) ? "held" : `it gave ${out}`;
    },
  },
};
