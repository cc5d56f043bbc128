// growing: console
// share: console
globalThis.render = () => {
  console[Symbol("of this run")] = 1;
  return "page";
};
