// growing: console.error
(function () {
  const nativeError = console.error;
  console.error = (...argv) => {
    nativeError(...argv);
  };
})();
globalThis.render = () => "page";
