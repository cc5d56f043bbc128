// What bundles for Node do with its streams: adapters to and from the web's, and all of a stream at once.
import { Duplex, PassThrough, Readable, Transform, Writable } from "node:stream";
import { buffer, json, text } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function collector(chunks, options) {
  return new Writable({ write: (chunk, _encoding, done) => (chunks.push(String(chunk)), setTimeout(done, 1)), ...options });
}

const cases = {
  async "a readable to the web"() {
    return new Response(Readable.toWeb(Readable.from([Buffer.from("a"), Buffer.from("b")]))).text();
  },
  async "bytes to the web"() {
    const [source, seen] = [new PassThrough(), []];
    setTimeout(() => (source.write("x"), source.end("yz")), 1);
    for await (const chunk of Readable.toWeb(source)) seen.push([chunk.constructor.name, new TextDecoder().decode(chunk)]);
    return seen;
  },
  async "objects to the web"() {
    const seen = [];
    for await (const chunk of Readable.toWeb(Readable.from([{ a: 1 }, { a: 2 }]))) seen.push(chunk);
    return seen;
  },
  async "a readable that fails"() {
    const source = new PassThrough();
    setTimeout(() => source.destroy(new Error("broken")), 1);
    return new Response(Readable.toWeb(source)).text();
  },
  async "a readable that ends early"() {
    const source = new PassThrough();
    setTimeout(() => source.destroy(), 1);
    await Readable.toWeb(source).getReader().read();
  },
  async "a readable that is destroyed already"() {
    const source = new PassThrough();
    source.destroy();
    return Readable.toWeb(source).getReader().read();
  },
  async "a reader that leaves"() {
    const source = new PassThrough();
    source.on("error", () => {});
    source.write("a");
    const reader = Readable.toWeb(source).getReader();
    await reader.read();
    await reader.cancel(new Error("enough")).catch(() => {});
    await wait(1);
    return source.destroyed;
  },
  async "a readable that its reader holds up"() {
    let made = 0;
    const source = new Readable({ highWaterMark: 4, read() { this.push(made++ < 100 ? "ab" : null); } });
    const reader = Readable.toWeb(source).getReader();
    await reader.read();
    await wait(5);
    return made < 20;
  },
  async "a readable from the web"() {
    return text(Readable.fromWeb(new Blob(["hé", "llo"]).stream()));
  },
  async "objects from the web"() {
    const source = new ReadableStream({ start: (c) => (c.enqueue({ a: 1 }), c.enqueue({ a: 2 }), c.close()) });
    return Readable.fromWeb(source, { objectMode: true }).toArray();
  },
  async "a source of the web that fails"() {
    return text(Readable.fromWeb(new ReadableStream({ pull: (c) => c.error(new Error("broken")) })));
  },
  async "a source of the web that is left"() {
    let why;
    const readable = Readable.fromWeb(new ReadableStream({ cancel: (reason) => void (why = reason?.message) }));
    readable.on("error", () => {});
    readable.destroy(new Error("enough"));
    await wait(1);
    return why;
  },
  async "not a source of the web"() {
    try {
      Readable.fromWeb({});
    } catch (error) {
      return [error.name, error.code];
    }
  },
  async "a writable to the web"() {
    const chunks = [];
    const writer = Writable.toWeb(collector(chunks, { highWaterMark: 2, final: (done) => (chunks.push("end"), done()) })).getWriter();
    await writer.write(Buffer.from("abc"));
    await writer.write(Buffer.from("de"));
    await writer.close();
    return chunks;
  },
  async "a writable that fails"() {
    const writer = Writable.toWeb(new Writable({ write: (_chunk, _encoding, done) => done(new Error("full")) })).getWriter();
    await writer.write(Buffer.from("a")).catch(() => {});
    await writer.closed;
  },
  async "a writable from the web"() {
    const seen = [];
    const sink = Writable.fromWeb(new WritableStream({ write: (chunk) => void seen.push(String(chunk.constructor.name), new TextDecoder().decode(chunk)), close: () => void seen.push("end") }));
    sink.write(Buffer.from("a"));
    sink.end(Buffer.from("b"));
    await finished(sink);
    return seen;
  },
  async "a sink of the web that fails"() {
    const sink = Writable.fromWeb(new WritableStream({ write() { throw new Error("full"); } }));
    sink.write("a");
    await finished(sink);
  },
  async "a duplex to the web"() {
    const { readable, writable } = Duplex.toWeb(new Transform({ transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()) }));
    const writer = writable.getWriter();
    writer.write(Buffer.from("ab"));
    writer.close();
    return new Response(readable).text();
  },
  async "a duplex from the web"() {
    const upper = new TransformStream({ transform: (chunk, c) => c.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase())) });
    return text(Readable.from([Buffer.from("a"), Buffer.from("b")]).pipe(Duplex.fromWeb(upper)));
  },
  async "all at once"() {
    return [await json(Readable.from(['{"a":', "[1]}"])), String(await buffer(new Blob(["z"]).stream())), await text(Readable.from([Buffer.from([0xc3]), Buffer.from([0xa9])]))];
  },
  async "a pipeline"() {
    const chunks = [];
    await pipeline(Readable.from(["a", "b"]), async function* (source) { for await (const chunk of source) yield chunk + chunk; }, collector(chunks));
    return chunks;
  },
};

export async function render() {
  const lines = [];
  for (const [name, run] of Object.entries(cases)) {
    const result = await run().catch((error) => `threw ${error.name}: ${error.message}`);
    lines.push(`${name}: ${JSON.stringify(result)}\n`);
  }
  return lines.join("");
}
