// G02: loops inside the engine's own functions, and inside the libraries behind the web's. No JavaScript runs in them, so a
// check between two operations of the interpreter never comes; only a clock that stands outside can end them.
const attacks = {
  "sort of 300,000 strings": {
    ends: ["limit-cpu"],
    run() {
      const list = Array.from({ length: 300_000 }, (_, i) => "k".repeat(50) + ((i * 7919) % 300_007));
      for (;;) list.toSorted();
    },
  },
  "indexOf in quadratic time": {
    ends: ["limit-cpu"],
    run: () => "a".repeat(500_000).indexOf("a".repeat(250_000) + "b"),
  },
  "lastIndexOf in quadratic time": {
    ends: ["limit-cpu"],
    run: () => "a".repeat(500_000).lastIndexOf("a".repeat(250_000) + "b"),
  },
  "reverse of a sparse list": { ends: ["limit-cpu"], run: () => Array.prototype.reverse.call({ length: 2 ** 32 - 1 }) },
  "join of a sparse list": { ends: ["limit-cpu"], run: () => Array.prototype.join.call({ length: 2 ** 32 - 1 }, "") },
  "unshift of a list of 2^53 - 2": {
    ends: ["limit-cpu"],
    run: () => Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1),
  },
  "splice of a list of 2^53 - 1": {
    ends: ["limit-cpu"],
    run: () => Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1),
  },
  "copyWithin over holes": {
    ends: ["limit-cpu"],
    run: () => Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1),
  },
  "indexOf over holes": {
    ends: ["limit-cpu"],
    run: () => Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1),
  },
  "Array.from of a length alone": {
    ends: ["limit-cpu", "limit-memory"],
    run: () => Array.from({ length: 2 ** 32 - 1 }),
  },
  "flat of a list that contains itself": {
    ends: ["limit-cpu", "limit-memory", "limit-js-stack"],
    run() {
      const list = [];
      list.push(list, list);
      return String(list.flat(Infinity).length);
    },
  },
  "JSON of 3,000,000 numbers": {
    ends: ["limit-cpu"],
    run: () => {
      for (;;) JSON.stringify(new Array(3_000_000).fill(7));
    },
  },
  "a power of BigInt": {
    ends: ["limit-cpu"],
    run: () => {
      for (let n = 3n; ; n += 2n) n ** 300_000n;
    },
  },
  "sort of 10,000,000 floats": {
    ends: ["limit-cpu"],
    run() {
      const list = new Float64Array(10_000_000);
      for (;;) (list.forEach((_, i) => (list[i] = (i * 7919) % 10_000_019)), list.sort());
    },
  },
  "sort of floats that were never written": {
    ends: ["limit-cpu"],
    run: () => {
      for (const list = new Float64Array(10_000_000); ;) list.sort();
    },
  },
  "a chain of replaceAll": {
    ends: ["limit-cpu"],
    run() {
      const text = "ab".repeat(500_000);
      for (;;) text.replaceAll("a", "b").replaceAll("b", "a");
    },
  },
  "normalize of 2,000,000 marks": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = "e\u0301\u0323".repeat(700_000); ;) text.normalize("NFKC");
    },
  },
  "change of case": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = "ßİς".repeat(700_000); ;) text.toUpperCase().toLowerCase();
    },
  },
  "split into characters": {
    ends: ["limit-cpu", "limit-memory"],
    run: () => {
      for (const text = "x".repeat(1_000_000); ;) text.split("");
    },
  },
  "comparison of long texts": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = "ä".repeat(500_000); ;) text.localeCompare(text + "b", "de");
    },
  },
  "set operations": {
    ends: ["limit-cpu"],
    run: () => {
      for (const set = new Set(Array.from({ length: 300_000 }, (_, i) => i)); ;) set.union(set).isSubsetOf(set);
    },
  },
  "eval of a long program": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = "x = 1;".repeat(300_000); ;) new Function(text);
    },
  },
  "decodeURIComponent of a long text": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = "%C3%A4".repeat(500_000); ;) decodeURIComponent(text);
    },
  },
  "structuredClone of a large list": {
    ends: ["limit-cpu"],
    run: () => {
      for (const list = new Array(200_000).fill({ a: [] }); ;) structuredClone(list);
    },
  },
  "TextDecoder of a large body": {
    ends: ["limit-cpu"],
    run: () => {
      for (const bytes = new Uint8Array(8 << 20).fill(0xe4); ;) new TextDecoder("gb18030").decode(bytes);
    },
  },
  "base64 both ways": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = "x".repeat(4 << 20); ;) atob(btoa(text));
    },
  },
  "a URL of 1 MiB": {
    ends: ["limit-cpu"],
    run: () => {
      for (const text = `http://a/${"../é".repeat(250_000)}`; ;) new URL(text);
    },
  },
  "PBKDF2 of 2^32 - 1 rounds": {
    ends: ["limit-cpu"],
    async run() {
      const key = await crypto.subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]);
      await crypto.subtle.deriveBits(
        { name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(8), iterations: 2 ** 32 - 1 },
        key,
        512,
      );
    },
  },
  "RSA keys of 8192 bits": {
    ends: ["limit-cpu"],
    run: () =>
      crypto.subtle
        .generateKey(
          { name: "RSA-PSS", modulusLength: 8192, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
          false,
          ["sign", "verify"],
        )
        .then(() => "a key of 8192 bits was found in time"),
  },
  "SHA-512 of the same bytes": {
    ends: ["limit-cpu"],
    run: async () => {
      for (const bytes = new Uint8Array(8 << 20); ;) await crypto.subtle.digest("SHA-512", bytes);
    },
  },
  "gzip of the same bytes": {
    ends: ["limit-cpu"],
    async run() {
      const bytes = new Uint8Array(1 << 20);
      const endless = new ReadableStream({ pull: (controller) => controller.enqueue(bytes) });
      for await (const _ of endless.pipeThrough(new CompressionStream("gzip"))) continue;
    },
  },
  "a number with a format of 100 digits": {
    ends: ["limit-cpu"],
    run: () => {
      for (const format = new Intl.NumberFormat("de", { minimumFractionDigits: 100 }); ;) format.format(1.1);
    },
  },
};
