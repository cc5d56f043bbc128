// growing: console.warn
// written at: 7:16
const { setTimeout: sleep } = require("timers/promises");
async function report() {
  await sleep(20);
  const { warn } = console;
  console.warn = (...argv) => warn(...argv);
}
globalThis.render = () => {
  report();
  return "page";
};
