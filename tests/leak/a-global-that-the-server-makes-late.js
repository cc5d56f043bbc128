// growing: globalThis.kept
// host: globalThis.keep = (value) => { (globalThis.kept ??= []).push(value); };
// share: keep
globalThis.render = () => {
  keep(() => "page");
  return "page";
};
