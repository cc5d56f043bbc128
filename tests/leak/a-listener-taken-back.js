// clean
// What an emitter makes for itself when its last listener is gone is nothing of the app's.
// share: process
globalThis.render = () => {
  const listener = () => {};
  process.on("warning", listener);
  process.off("warning", listener);
  return "page";
};
