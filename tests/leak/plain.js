// clean
// pending: setInterval() 9:1
// What most apps use of the platform, none of which holds on to a run.
const { EventEmitter } = require("events");
const emitter = new EventEmitter();
emitter.on("x", () => {});
const channel = new MessageChannel();
channel.port1.onmessage = () => {};
setInterval(() => {}, 1000);
const listener = () => {};
addEventListener("error", listener);
process.on("exit", listener);
URL.prototype.extra = listener;
process.env.EXTRA = "1";
globalThis.render = async () => {
  const url = new URL("http://localhost/?a=1");
  await new Promise((resolve) => setTimeout(resolve, 5));
  console.log(url.searchParams.get("a"), { nested: [new Map([[1, 2]]), new Set([3])] });
  const reader = new Response("text").body.getReader();
  await reader.read();
  const text = new Intl.NumberFormat("en").format(1234567.891) + new Date(0).toLocaleDateString("de");
  structuredClone({ a: 1 });
  queueMicrotask(() => {});
  new AbortController().signal.addEventListener("abort", listener);
  URL.createObjectURL(new Blob(["x"]));
  return text + btoa("x") + crypto.randomUUID().length + performance.now();
};
