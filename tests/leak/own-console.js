// clean
// The mended story: a console of the run's own that inherits from the shared one.
globalThis.console = Object.create(console);
const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => "page";
