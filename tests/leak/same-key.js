// growing: console.error
// The story: each run wraps what the run before has put there.
const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => "page";
