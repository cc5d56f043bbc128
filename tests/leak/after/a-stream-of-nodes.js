// clean
// What a stream of Node's does after the page is done then, and those of the next run go on.
const { Readable } = require("stream");
const { finished } = require("stream/promises");
globalThis.render = async () => {
  const stream = Readable.from(["a", "b"]);
  let text = "";
  stream.on("data", (chunk) => text += chunk);
  await finished(stream);
  Readable.from(["c"]).on("data", () => {});
  return text;
};
