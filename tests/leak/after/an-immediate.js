// growing: console.info
// written at: 7:20
globalThis.render = () => {
  setImmediate((done) => {
    const { info } = console;
    process.nextTick(() => {
      console.info = () => info(done);
    });
  }, "done");
  return "page";
};
