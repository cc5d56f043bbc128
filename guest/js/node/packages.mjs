// What is changed in the packages that stand for Node's modules, where they say something else than Node does.
import path from "node:path";

/** What a buffer is made of, and what else is bytes, as Node says it. */
const SOURCES = "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object";
const BYTES = "an instance of Buffer or Uint8Array";

const changes = {
  "unenv/dist/runtime/_internal/utils.mjs": (here) => [
    ["`[unenv] ${name} is not implemented yet!`", "missing(name)"],
    ["/*@__NO_SIDE_EFFECTS__*/\nexport function rawHeaders", `import { missing } from ${JSON.stringify(path.join(here, "node/missing.js"))};\nexport function rawHeaders`],
  ],
  "unenv/dist/runtime/node/child_process.mjs": () => [['"child_process.execSyn"', '"child_process.execSync"']],
  "unenv/dist/runtime/node/internal/zlib/formats/_shared.mjs": () => [
    ['createNotImplementedError("zlib is not implemented yet!")', "createNotImplementedError(`zlib.${new.target.name}`)"],
    ["new Error(`[unenv] zlib ${format} compression not supported.`)", "createNotImplementedError(`zlib.${format}`)"],
  ],
  "unenv/dist/runtime/node/url.mjs": () => [
    // Node 20 and 22 say nothing.
    ["if (!urlParseWarned) {", "if (false) {"],
    ["[DeprecationWarning] [unenv] [node:url] DEP0170:", "[DEP0170] DeprecationWarning:"],
  ],
  "events/events.js": () => [
    // What a listener's promise is rejected with is an error of the emitter that asks for it.
    ["function EventEmitter() {\n  EventEmitter.init.call(this);\n}", "function EventEmitter(options) {\n  EventEmitter.init.call(this, options);\n}"],
    [
      "EventEmitter.init = function() {\n",
      `var captures = Symbol('captures');
function caught(emitter, result, type, args) {
  if (typeof result?.then !== 'function') return;
  result.then(undefined, (error) => process.nextTick(() => {
    var own = emitter[Symbol.for('nodejs.rejection')];
    if (typeof own === 'function') return own.call(emitter, error, type, ...args);
    // An error's own listener is not asked again.
    emitter[captures] = false;
    try {
      emitter.emit('error', error);
    } finally {
      emitter[captures] = true;
    }
  }));
}

EventEmitter.init = function(options) {
  if (options?.captureRejections ?? EventEmitter.captureRejections) {
    Object.defineProperty(this, captures, { value: true, writable: true, configurable: true });
  }
`,
    ],
    [
      "    ReflectApply(handler, this, args);\n",
      "    var result = ReflectApply(handler, this, args);\n    if (result && this[captures]) caught(this, result, type, args);\n",
    ],
    [
      "      ReflectApply(listeners[i], this, args);\n",
      "{\n      var result = ReflectApply(listeners[i], this, args);\n      if (result && this[captures]) caught(this, result, type, args);\n}\n",
    ],
    [
      "var err = new Error('Unhandled error.' + (er ? ' (' + er.message + ')' : ''));",
      "var err = new Error('Unhandled error. (' + require('node-inspect-extracted').inspect(er) + ')'); err.code = 'ERR_UNHANDLED_ERROR';",
    ],
  ],
  "buffer/index.js": (here) => [
    [
      "const base64 = require('base64-js')\n",
      `const base64 = require('base64-js')\nconst { invalid, unknownEncoding } = require(${JSON.stringify(path.join(here, "node/invalid.js"))})\n` +
        "const { decode } = globalThis.__bootstrap.native\n",
    ],
    // By the engine: as TextDecoder, and with less to do.
    [
      /^function utf8Slice \([^]*?\n\}\n/m,
      "function utf8Slice (buf, start, end) {\n" +
        "  return decode(new Uint8Array(buf.buffer, buf.byteOffset + start, Math.min(buf.length, end) - start), 'utf-8', false, true)\n}\n",
    ],
    ["if (this.length > max) str += ' ... '", "if (this.length > max) str += ` ... ${this.length - max} more byte${this.length - max > 1 ? 's' : ''}`"],
    // It took half a pair of digits for a byte.
    ["parseInt(string.substr(i * 2, 2), 16)", "parseInt(string[i * 2], 16) * 16 + parseInt(string[i * 2 + 1], 16)"],
    // Errors with Node's codes, which the package has for some of its methods.
    [
      /throw new TypeError\(\s*'The first argument must be one of[^)]*\(typeof value\)\s*\)/g,
      `throw invalid('first argument', '${SOURCES}', value)`,
    ],
    [/throw new TypeError\(\s*'The "value" argument must not be[^)]*\)/, `throw invalid('first argument', '${SOURCES}', value)`],
    [/throw new TypeError\(\s*'The "string" argument must be of type string[^)]*\)/, "throw invalid('string', 'of type string', arg)"],
    [
      /throw new TypeError\(\s*'The "string" argument must be one of[^)]*\)/,
      "throw invalid('string', 'of type string or an instance of Buffer or ArrayBuffer', string)",
    ],
    ["throw new TypeError('\"size\" argument must be of type number')", "throw invalid('size', 'of type number', size)"],
    ["throw new TypeError('Unknown encoding: ' + encoding)", "throw unknownEncoding(encoding)"],
    [/(?<=if \(!Array\.isArray\(list\)\) \{\n    )throw new TypeError\('"list".*/, "throw invalid('list', 'an instance of Array', list)"],
    ["throw new TypeError('\"list\" argument must be an Array of Buffers')", `throw invalid(\`list[\${i}]\`, '${BYTES}', buf)`],
    [/throw new TypeError\(\s*'The "buf1", "buf2"[^)]*\)/, `throw Buffer.isBuffer(a) ? invalid('buf2', '${BYTES}', b) : invalid('buf1', '${BYTES}', a)`],
    ["throw new TypeError('Argument must be a Buffer')", `throw invalid('otherBuffer', '${BYTES}', b)`],
    [/throw new TypeError\(\s*'The "target" argument must be[^)]*\(typeof target\)\s*\)/, `throw invalid('target', '${BYTES}', target)`],
    ["throw new TypeError('argument should be a Buffer')", `throw invalid('target', '${BYTES}', target)`],
    ["throw new TypeError('val must be string, number or Buffer')", `throw invalid('value', 'one of type number or string or an instance of Buffer or Uint8Array', val)`],
    ["throw new errors.ERR_INVALID_ARG_TYPE(name, 'number', value)", "throw invalid(name, 'of type number', value)"],
    ["validateNumber(value, type)\n", "validateNumber(value, type || 'offset')\n"],
    [/throw new RangeError\('("\w+") is outside of buffer bounds'\)/g, "throw new errors.ERR_BUFFER_OUT_OF_BOUNDS('$1')"],
    // An offset that is no whole number is wrong, and was rounded.
    [
      /  offset = offset >>> 0\n(?=(?:  byteLength = byteLength >>> 0\n)?  (?:if \(!noAssert\)|validateNumber))/g,
      "  if (offset === undefined) offset = 0\n",
    ],
    [
      "  if ((offset % 1) !== 0 || offset < 0) throw new RangeError('offset is not uint')\n" +
        "  if (offset + ext > length) throw new RangeError('Trying to access beyond buffer length')",
      "if (typeof offset !== 'number' || (offset % 1) !== 0 || offset < 0 || offset + ext > length) boundsError(offset, length - ext)",
    ],
    ["throw new RangeError('\"value\" argument is out of bounds')", "throw new errors.ERR_OUT_OF_RANGE('value', `>= ${min} and <= ${max}`, value)"],
    [
      "if (offset + ext > buf.length) throw new RangeError('Index out of range')",
      "if (typeof offset !== 'number' || (offset % 1) !== 0 || offset < 0 || offset + ext > buf.length) boundsError(offset, buf.length - ext)",
    ],
    ["throw new RangeError('Attempt to write outside buffer bounds')", "throw new errors.ERR_OUT_OF_RANGE('offset', `>= 0 && <= ${this.length}`, offset)"],
    ["throw new RangeError('The value \"' + length + '\" is invalid for option \"size\"')", "throw new errors.ERR_OUT_OF_RANGE('size', `>= 0 && <= ${K_MAX_LENGTH}`, length)"],
    ["throw new RangeError('The value \"' + size + '\" is invalid for option \"size\"')", "throw new errors.ERR_OUT_OF_RANGE('size', `>= 0 && <= ${K_MAX_LENGTH}`, size)"],
  ],
};

/** The files that are changed. */
export const changedFiles = new RegExp(`/(?:${Object.keys(changes).map((file) => file.replaceAll(".", "\\.")).join("|")})$`);

/** `here` is the folder of `guest/js`. */
export function changed(text, file, replace, here) {
  const [, list] = Object.entries(changes).find(([name]) => file.endsWith(name));
  return list(here).reduce((text, [from, to]) => replace(text, from, to, file), text);
}
