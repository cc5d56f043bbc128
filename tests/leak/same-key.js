// growing: console.error
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before the first write
// The story: each run wraps what the run before has put there.
const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => "page";
