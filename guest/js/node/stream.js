// `node:stream`: readable-stream, and what it lacks of Node's: the adapters to and from the web's streams, and
// `stream/consumers`.
import { Buffer } from "buffer";
import stream from "readable-stream/lib/stream.js";

const { Blob, CountQueuingStrategy, ReadableStream, TextDecoder, WritableStream } = globalThis;
const { Duplex, finished, PassThrough, Readable, Writable } = stream;

/** What ends a stream before its time has no more to say than that. */
function early(error) {
  if (error?.code !== "ERR_STREAM_PREMATURE_CLOSE") return error;
  return Object.assign(new DOMException("The operation was aborted", "AbortError"), { cause: error });
}

/** A source whose reader sets the pace: it is paused while enough is waiting. */
function readableToWeb(source, { strategy } = {}) {
  const ended = source.destroyed || source.readable === false;
  const { readableHighWaterMark: highWaterMark, readableObjectMode: isObjectMode } = source;
  strategy ??= isObjectMode ? new CountQueuingStrategy({ highWaterMark }) : { highWaterMark };
  let isCancelled = false;
  return new ReadableStream({
    start(controller) {
      if (ended) return controller.close();
      source.pause();
      source.on("data", (chunk) => {
        if (isCancelled) return;
        controller.enqueue(Buffer.isBuffer(chunk) && !isObjectMode ? new Uint8Array(chunk) : chunk);
        if (controller.desiredSize <= 0) source.pause();
      });
      finished(source, { writable: false }, (error) => {
        // It may be told once more, and nobody listens.
        source.on("error", () => {});
        if (isCancelled) return;
        if (error) controller.error(early(error));
        else controller.close();
      });
    },
    pull: () => void source.resume(),
    cancel(reason) {
      isCancelled = true;
      source.destroy(reason);
    },
  }, strategy);
}

function readableFromWeb(source, options = {}) {
  if (!(source instanceof ReadableStream)) throw invalid("readableStream", "ReadableStream", source);
  const reader = source.getReader();
  let isDone = false;
  const readable = new Readable({
    ...options,
    read() {
      reader.read().then(({ done, value }) => {
        isDone = done;
        readable.push(done ? null : value);
      }, fail);
    },
    destroy(error, callback) {
      if (isDone) return callback(error);
      isDone = true;
      reader.cancel(error ?? undefined).then(() => callback(error), (other) => callback(error ?? other));
    },
  });
  function fail(error) {
    isDone = true;
    readable.destroy(error);
  }
  // It may fail while nobody reads.
  reader.closed.then(() => {}, fail);
  return readable;
}

function writableToWeb(sink) {
  const { writableHighWaterMark: highWaterMark, writableObjectMode: isObjectMode } = sink;
  const strategy = isObjectMode ? new CountQueuingStrategy({ highWaterMark }) : { highWaterMark };
  return new WritableStream({
    start(controller) {
      finished(sink, { readable: false }, (error) => {
        sink.on("error", () => {});
        if (error) controller.error(early(error));
      });
    },
    async write(chunk) {
      if (!sink.write(chunk)) await new Promise((drained) => sink.once("drain", drained).once("close", drained));
    },
    close: () => new Promise((closed, failed) => {
      finished(sink, { readable: false }, (error) => error ? failed(error) : closed());
      sink.end();
    }),
    abort: (reason) => void sink.destroy(reason),
  }, strategy);
}

function writableFromWeb(sink, options = {}) {
  if (!(sink instanceof WritableStream)) throw invalid("writableStream", "WritableStream", sink);
  const writer = sink.getWriter();
  let isDone = false;
  const writable = new Writable({
    // Nothing is encoded that its sink may want as text.
    decodeStrings: false,
    ...options,
    write(chunk, encoding, callback) {
      const value = typeof chunk === "string" && options.decodeStrings !== false && !options.objectMode ? Buffer.from(chunk, encoding) : chunk;
      writer.ready.then(() => writer.write(value)).then(() => callback(), callback);
    },
    final: (callback) => void writer.close().then(() => (isDone = true, callback()), callback),
    destroy(error, callback) {
      if (isDone) return callback(error);
      isDone = true;
      const ended = error ? writer.abort(error) : writer.close();
      ended.then(() => callback(error), () => callback(error));
    },
  });
  writer.closed.then(() => (isDone = true), (error) => {
    isDone = true;
    writable.destroy(error);
  });
  return writable;
}

function invalid(name, wanted, found) {
  const error = new TypeError(`The "${name}" argument must be an instance of ${wanted}. Received ${found === null ? "null" : typeof found}`);
  return Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
}

Readable.toWeb = readableToWeb;
Readable.fromWeb = readableFromWeb;
Writable.toWeb = writableToWeb;
Writable.fromWeb = writableFromWeb;
Duplex.toWeb = (duplex) => ({ readable: readableToWeb(duplex), writable: writableToWeb(duplex) });
Duplex.fromWeb = ({ readable, writable }, options) =>
  Duplex.from({ readable: readableFromWeb(readable, options), writable: writableFromWeb(writable, options) });

/** All of a stream of either kind, of which each chunk is bytes or text. */
async function collect(source) {
  const chunks = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function text(source) {
  return new TextDecoder().decode(await collect(source));
}

export const consumers = {
  arrayBuffer: async (source) => new Uint8Array(await collect(source)).buffer,
  blob: async (source) => new Blob([await collect(source)]),
  buffer: collect,
  json: async (source) => JSON.parse(await text(source)),
  text,
};

/** Two ends, and what is written to one is read at the other. */
function duplexPair(options) {
  const [left, right] = [new PassThrough(options), new PassThrough(options)];
  return [Duplex.from({ readable: left, writable: right }), Duplex.from({ readable: right, writable: left })];
}

// As a property that `import` lists.
Object.defineProperty(stream, "promises", { value: stream.promises, writable: true, configurable: true, enumerable: true });
Object.assign(stream, { duplexPair });

export default stream;
