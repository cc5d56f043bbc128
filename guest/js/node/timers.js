// `node:timers`.
const { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = globalThis;
export { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };
export const promises = {
  setTimeout: (delay, value) => new Promise((done) => setTimeout(done, delay, value)),
  setImmediate: (value) => new Promise((done) => setImmediate(done, value)),
  async *setInterval(delay, value) {
    for (;;) yield await promises.setTimeout(delay, value);
  },
  scheduler: { wait: (delay) => promises.setTimeout(delay), yield: () => promises.setImmediate() },
};
export default { clearImmediate, clearInterval, clearTimeout, promises, setImmediate, setInterval, setTimeout };
