// bounded: console.error
// The same in a function, whose variable nobody uses: it dies with the call, and only the last run is held.
(function () {
  const nativeError = console.error;
  console.error = (...argv) => {};
})();
globalThis.render = () => "page";
