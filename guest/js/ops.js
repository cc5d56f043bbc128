// The operations that the scripts of Deno's packages take from Rust there: from Rust here too, or so small that they
// are written in JavaScript.
import { parseUrl, setUrl } from "./url.js";

const { native, primordials } = globalThis.__bootstrap;
const {
  ArrayBufferIsView, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset, Promise,
  SafeMap, StringPrototypeSlice, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetSymbolToStringTag, TypedArrayPrototypeSlice, TypeError, Uint8Array,
} = primordials;

/** The bytes of a buffer or of a view of one. */
export function bytes(source) {
  const tag = TypedArrayPrototypeGetSymbolToStringTag(source);
  if (tag === "Uint8Array") return source;
  if (tag !== undefined) {
    return new Uint8Array(
      TypedArrayPrototypeGetBuffer(source), TypedArrayPrototypeGetByteOffset(source), TypedArrayPrototypeGetByteLength(source),
    );
  }
  if (ArrayBufferIsView(source)) {
    return new Uint8Array(
      DataViewPrototypeGetBuffer(source), DataViewPrototypeGetByteOffset(source), DataViewPrototypeGetByteLength(source),
    );
  }
  return new Uint8Array(source);
}

// URL ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

let serialization = "";

/** `result` is nothing, or the URL's text and then where its parts are. Gives Deno's codes: as it was, changed, wrong. */
function parsed(result, href, parts) {
  if (result === undefined) return 2;
  for (let i = 0; i < 8; i++) parts[i] = result[i + 1];
  if (result[0] === href) return 0;
  serialization = result[0];
  return 1;
}

/** What the native parser gives, or the one that is written in JavaScript where that one leaves it to it. */
const either = (result, otherwise) => result === null ? otherwise() : result;

export const op_url_parse = (href, parts) => parsed(either(native.urlParse(href), () => parseUrl(href)), href, parts);
export const op_url_parse_with_base = (href, base, parts) =>
  parsed(either(native.urlParse(href, base), () => parseUrl(href, base)), href, parts);
export const op_url_reparse = (href, part, value, parts) =>
  parsed(either(native.urlSet(href, part, value), () => setUrl(href, part, value)), href, parts);
export const op_url_get_serialization = () => serialization;
export const op_url_parse_search_params = (text, body) =>
  body === undefined ? native.parseForm(text) : native.parseFormBytes(bytes(body));
export const op_url_stringify_search_params = (list) => native.serializeForm(list);

// Encoding ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export function op_encoding_normalize_label(label) {
  const name = native.encodingName(label);
  if (name === undefined) throw new RangeError(`The encoding label provided ('${label}') is invalid.`);
  return name;
}

function decoded(text) {
  if (text === undefined) throw new TypeError("The encoded data was not valid.");
  return text;
}

export const op_encoding_decode_utf8 = (input, ignoreBOM) => native.decode(bytes(input), "utf-8", false, ignoreBOM);
export const op_encoding_decode_single = (input, label, fatal, ignoreBOM) =>
  decoded(native.decode(bytes(input), label, fatal, ignoreBOM));
export const op_encoding_decode_utf8_ascii_only = () => null;
export const op_encoding_new_decoder = (label, fatal, ignoreBOM) => native.newDecoder(label, fatal, ignoreBOM);
export const op_encoding_decode = (input, decoder, stream) =>
  decoded(native.decodeMore(decoder, bytes(input), stream));
/** How much was read and written, as Deno packs it: for strings and buffers of any size by `encodeInto`. */
export const op_encoding_encode_into = () => -1;
export function op_encoding_encode_into_fallback(source, destination, result) {
  const [read, written] = native.encodeInto(source, destination);
  result[0] = read;
  result[1] = written;
}

// Base64 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function base64(result) {
  if (result === undefined) throw new TypeError("The string has a character that it cannot have");
  return result;
}

export const op_base64_atob = (text) => base64(native.base64ToBinary(text));
export const op_base64_btoa = (text) => base64(native.binaryToBase64(text));
export const op_base64_decode = (text) => base64(native.base64ToBytes(text));
export const op_base64_encode_from_buffer = (source, offset, length) =>
  native.bytesToBase64(TypedArrayPrototypeSlice(bytes(source), offset, offset + length));

// Compression ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const op_compression_new = native.newCompression;
/** Gives `enqueue` the output of a chunk, a piece after the other. */
export const op_compression_write = (stream, chunk, enqueue) => {
  const input = bytes(chunk);
  for (let at = 0; at !== undefined;) {
    const written = native.compress(stream, input, at);
    at = written[1];
    enqueue(written[0]);
  }
};
export const op_compression_finish = native.endCompression;

// Blobs: a part's id is its bytes. ───────────────────────────────────────────────────────────────────────────────────

const objectUrls = new SafeMap();

export const op_blob_create_part = (data) => TypedArrayPrototypeSlice(bytes(data));
export const op_blob_slice_part = (part, { start, len }) => TypedArrayPrototypeSlice(part, start, start + len);
export const op_blob_read_part = async (part) => TypedArrayPrototypeSlice(part);
export const op_blob_remove_part = () => {};
export const op_blob_clone_part = (part) => ({ uuid: part, size: TypedArrayPrototypeGetByteLength(part) });
export function op_blob_create_object_url(mediaType, parts) {
  const url = `blob:null/${native.randomUuid()}`;
  objectUrls.set(url, { mediaType, parts: parts.map((part) => op_blob_clone_part(part._id ?? part)) });
  return url;
}
export const op_blob_revoke_object_url = (url) => objectUrls.delete(url);
export function op_blob_from_object_url(url) {
  const end = url.indexOf("#");
  return objectUrls.get(end < 0 ? url : StringPrototypeSlice(url, 0, end)) ?? null;
}

// Ports: a message waits until its port is asked for it, and is then a task of its own. ──────────────────────────────

let lastPort = 0;
const ports = new SafeMap();

export function op_message_port_create_entangled() {
  const [one, two] = [lastPort += 1, lastPort += 1];
  ports.set(one, { other: two, queue: [], receiver: undefined, isScheduled: false });
  ports.set(two, { other: one, queue: [], receiver: undefined, isScheduled: false });
  return [one, two];
}

export function op_message_port_post_message(id, message) {
  const receiver = ports.get(ports.get(id).other);
  if (receiver === undefined) return;
  receiver.queue.push(message);
  deliver(receiver);
}

export const op_message_port_post_message_raw = (id, data) =>
  op_message_port_post_message(id, { data, transferables: [] });

export function op_message_port_recv_message(id) {
  return new Promise((receive) => {
    const port = ports.get(id);
    if (port === undefined) return receive(null);
    // All that was posted has been received, and nobody is left to post more.
    if (port.queue.length === 0 && !ports.has(port.other)) return receive(null);
    port.receiver = receive;
    deliver(port);
  });
}

function deliver(port) {
  if (port.receiver === undefined || port.queue.length === 0 || port.isScheduled) return;
  native.queueTask(() => {
    port.isScheduled = false;
    const { receiver } = port;
    if (receiver === undefined || port.queue.length === 0) return;
    port.receiver = undefined;
    receiver(port.queue.shift());
  });
  port.isScheduled = true;
}

/** Forgets what was posted at the top level: the tasks that would deliver it are dropped. */
export function dropMessages() {
  for (const port of ports.values()) {
    port.queue = [];
    port.isScheduled = false;
  }
}

/** Forgets the ports and blobs of code that is gone: nobody can post to them, or ask for them, any more. */
export function forgetAll() {
  ports.clear();
  objectUrls.clear();
}

export const op_message_port_recv_message_sync = (id) => ports.get(id)?.queue.shift() ?? null;

export function closePort(id) {
  const port = ports.get(id);
  if (port === undefined) return;
  ports.delete(id);
  port.receiver?.(null);
  const other = ports.get(port.other);
  // What was posted before is still to be received.
  if (other !== undefined && other.queue.length === 0) other.receiver?.(null);
}

// Time ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes a time in nanoseconds as Deno reads it: seconds, then nanoseconds, in 32 bits each. */
function time(nanoseconds, into) {
  const view = new DataView(TypedArrayPrototypeGetBuffer(into));
  view.setUint32(0, nanoseconds / 1e9, true);
  view.setUint32(4, nanoseconds % 1e9, true);
}

export const op_now = (into) => time(native.sinceOrigin(), into);
export const op_time_origin = (into) => time(native.origin(), into);

export const op_http_drop_response_native = () => {};
export const op_http_new_response_native_headers = () => undefined;
