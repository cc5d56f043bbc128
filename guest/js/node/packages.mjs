// What is changed in the packages that stand for Node's modules, where they say something else than Node does.
import path from "node:path";

const changes = {
  "unenv/dist/runtime/_internal/utils.mjs": (here) => [
    ["`[unenv] ${name} is not implemented yet!`", "missing(name)"],
    ["/*@__NO_SIDE_EFFECTS__*/\nexport function rawHeaders", `import { missing } from ${JSON.stringify(path.join(here, "node/missing.js"))};\nexport function rawHeaders`],
  ],
  "unenv/dist/runtime/node/child_process.mjs": () => [['"child_process.execSyn"', '"child_process.execSync"']],
  "events/events.js": () => [
    [
      "var err = new Error('Unhandled error.' + (er ? ' (' + er.message + ')' : ''));",
      "var err = new Error('Unhandled error. (' + require('node-inspect-extracted').inspect(er) + ')'); err.code = 'ERR_UNHANDLED_ERROR';",
    ],
  ],
  "buffer/index.js": () => [
    // It took half a pair of digits for a byte.
    ["parseInt(string.substr(i * 2, 2), 16)", "parseInt(string[i * 2], 16) * 16 + parseInt(string[i * 2 + 1], 16)"],
    // Errors with Node's codes, which the package has for some of its methods.
    [
      "  if ((offset % 1) !== 0 || offset < 0) throw new RangeError('offset is not uint')\n" +
        "  if (offset + ext > length) throw new RangeError('Trying to access beyond buffer length')",
      "if ((offset % 1) !== 0 || offset < 0 || offset + ext > length) boundsError(offset, length - ext)",
    ],
    ["throw new RangeError('\"value\" argument is out of bounds')", "throw new errors.ERR_OUT_OF_RANGE('value', `>= ${min} and <= ${max}`, value)"],
    ["if (offset + ext > buf.length) throw new RangeError('Index out of range')", "if (offset + ext > buf.length) boundsError(offset, buf.length - ext)"],
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
