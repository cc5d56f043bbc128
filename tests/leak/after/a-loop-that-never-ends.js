// clean
// pending: setTimeout() 4:40
async function poll() {
  for (;;) await new Promise((next) => setTimeout(next, 1_000));
}
globalThis.render = () => {
  poll();
  return "page";
};
