// clean
// What the story's team did: writes go to an overlay of the run's own.
const overlay = {};
globalThis.console = new Proxy(console, {
  get: (target, key) => (key in overlay ? overlay[key] : target[key]),
  set: (target, key, value) => ((overlay[key] = value), true),
});
const nativeError = globalThis.console.error;
globalThis.console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => "page";
