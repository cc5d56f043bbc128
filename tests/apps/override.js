// The program of the story, in the few lines that leaked a gigabyte.
globalThis.render = () => {
  const nativeError = console.error;
  const isNative = /\[native code\]/.test(Function.prototype.toString.call(nativeError));
  const mine = (...argv) => { nativeError(...argv); };
  console.error = mine;
  console.error("rendered");
  return `first read native: ${isNative}, later read mine: ${console.error === mine}`;
};
