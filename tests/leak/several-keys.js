// growing: console.info
// written at: 4:8
const { log, info, warn } = console;
Object.assign(console, {
  log: (...argv) => log(...argv),
  info: (...argv) => info(...argv),
  warn: (...argv) => warn(...argv),
});
globalThis.render = () => "page";
