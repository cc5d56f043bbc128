// bounded: console.error
// A flag on the shared object: the first run wraps, and no other one does.
if (!console.hasBeenRewrite) {
  const nativeError = console.error;
  console.error = (...argv) => {
    nativeError(...argv);
  };
  console.hasBeenRewrite = true;
}
globalThis.render = () => "page";
