// growing: console.error
// The call is commented out, and it grows all the same: what is held is the realm, and in it is the variable.
const nativeError = console.error;
console.error = (...argv) => {
  // nativeError(...argv);
};
globalThis.render = () => "page";
