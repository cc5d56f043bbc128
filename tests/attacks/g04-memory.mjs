// G04: memory taken by every means the language has: many small things, one that doubles, one that is as large as the limit. The
// limit has to end the render, and may not be caught, if that of CPU time does not come first; the host's own memory grows by no more
// than the limit.
const limit = 128 << 20;
const kept = [];
const attacks = {
  lists: {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (;;) kept.push(new Array(1000).fill(kept.length));
    },
  },
  "one list": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (;;) kept.push(kept.length + 0.5);
    },
  },
  "texts by doubling": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (let text = "xy"; ; text += text) kept.push(text.toUpperCase());
    },
  },
  "texts by doubling that are never read": {
    ends: ["ok", "limit-memory"],
    run() {
      try {
        for (let text = "xy"; ;) text += text;
      } catch (error) {
        return error instanceof RangeError || error instanceof InternalError ? "held" : String(error);
      }
    },
  },
  "repeat and padEnd": { ends: ["limit-memory"], run: () => "x".repeat(2 ** 28).padEnd(2 ** 29, "yz").length },
  "a buffer of 2^31": { ends: ["limit-memory", "app-threw"], run: () => new ArrayBuffer(2 ** 31).byteLength },
  "a buffer of 2^53 - 1": {
    ends: ["ok"],
    run() {
      try {
        return `there is one of ${new ArrayBuffer(2 ** 53 - 1).byteLength}`;
      } catch (error) {
        return error instanceof RangeError ? "held" : String(error);
      }
    },
  },
  "a buffer that may grow to 2^31": {
    ends: ["limit-memory", "app-threw"],
    run() {
      const buffer = new ArrayBuffer(0, { maxByteLength: 2 ** 31 - 1 });
      for (;;) buffer.resize(buffer.byteLength + (1 << 20));
    },
  },
  "a Map": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (const map = new Map(); ;) map.set({}, map.size);
    },
  },
  "a Set": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (const set = new Set(); ;) set.add(String(set.size));
    },
  },
  "a WeakMap whose keys live": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (const map = new WeakMap(); ;) map.set((kept.push({}), kept.at(-1)), {});
    },
  },
  closures: {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (;;)
        kept.push(
          (
            (own) => () =>
              own
          )({}),
        );
    },
  },
  "names of properties": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (const object = {}, i = [0]; ; i[0]++) object[`name ${i[0]}`] = i[0];
    },
  },
  "shapes of objects": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (let i = 0; ; i++) kept.push({ [`a${i}`]: 1, [`b${i}`]: 2 });
    },
  },
  symbols: {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (let i = 0; ; i++) kept.push(Symbol.for(`symbol ${i}`));
    },
  },
  "functions from text": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (let i = 0; ; i++) kept.push((0, eval)(`(function named${i}() { return [${"1,".repeat(5000)}] })`));
    },
  },
  patterns: {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (let i = 0; ; i++) kept.push(new RegExp(`[a-f]{${i % 900}}`.repeat(200)));
    },
  },
  "errors with stacks": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (;;) kept.push(new Error("x".repeat(1000) + kept.length));
    },
  },
  "a large BigInt": {
    ends: ["limit-memory", "app-threw"],
    run() {
      for (let n = 1n; ; n <<= 1_000_000n) kept.push(n);
    },
  },
  "JSON that grows": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (let text = "[1]"; ;) kept.push(JSON.parse((text = `[${text},${text}]`)));
    },
  },
  "waiting callbacks": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (const promise = new Promise(() => {}); ;) promise.then(() => {});
    },
  },
  "iterators that wait": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (;;) {
        const wait = (function* () {
          yield new Array(100);
        })();
        wait.next();
        kept.push(wait);
      }
    },
  },
  "arguments of a call": {
    ends: ["ok", "limit-memory", "limit-js-stack"],
    run() {
      try {
        return Math.max(...new Array(3_000_000).fill(1)) === 1 ? "held" : "arguments got lost";
      } catch (error) {
        return error instanceof RangeError ? "held" : String(error);
      }
    },
  },
  "blobs of blobs": {
    ends: ["limit-memory", "limit-cpu"],
    async run() {
      for (let blob = new Blob(["x".repeat(1000)]); ; blob = new Blob([blob, blob]))
        kept.push(await blob.arrayBuffer());
    },
  },
  "clones of buffers": {
    ends: ["limit-memory"],
    run() {
      for (const bytes = new Uint8Array(1 << 20); ;) kept.push(structuredClone(bytes));
    },
  },
  "a queue that nobody reads": {
    ends: ["limit-memory"],
    run() {
      const { writable } = new TransformStream({}, { highWaterMark: Infinity }, { highWaterMark: Infinity });
      for (const writer = writable.getWriter(); ;) writer.write(new Uint8Array(1 << 20));
    },
  },
  "messages that nobody receives": {
    ends: ["limit-memory", "limit-cpu", "app-threw"],
    run() {
      for (const { port1 } = new MessageChannel(); ;) port1.postMessage(new Uint8Array(1 << 20));
    },
  },
  "8 MiB of zeros from 8 KiB, over and over": {
    ends: ["limit-memory", "limit-cpu"],
    async run() {
      const pack = (stream) => new Response(stream.pipeThrough(new CompressionStream("gzip"))).blob();
      const small = await pack(new Blob([new Uint8Array(8 << 20)]).stream());
      for (;;) kept.push(await new Response(small.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
    },
  },
  "keys of a cipher": {
    ends: ["limit-memory", "limit-cpu"],
    async run() {
      for (;;) kept.push(await crypto.subtle.importKey("raw", new Uint8Array(1 << 16), "HKDF", false, ["deriveBits"]));
    },
  },
  headers: {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      for (const headers = new Headers(); ;) headers.append("x", "y".repeat(100_000));
    },
  },
  "one thing of the limit less 1": { ends: ["limit-memory"], run: () => new Uint8Array(limit - 1).length },
  "one thing of the limit": { ends: ["limit-memory"], run: () => new Uint8Array(limit).length },
  "one thing of the limit and 1": { ends: ["limit-memory"], run: () => new Uint8Array(limit + 1).length },
  "what another took and gave back": {
    ends: ["ok"],
    run() {
      for (let turn = 1; turn <= 3; turn++) {
        const bytes = new Uint8Array(limit / 2);
        for (let i = 0; i < bytes.length; i += 1021) if (bytes[i] !== 0) return `memory came with ${bytes[i]} in it`;
        bytes.fill(7);
        bytes.buffer.transfer(0);
      }
    },
  },
  "what cannot be caught": {
    ends: ["limit-memory"],
    run() {
      for (;;) {
        try {
          kept.push(new Uint8Array(1 << 20));
        } catch {
          return "the end was caught";
        }
      }
    },
  },
};
