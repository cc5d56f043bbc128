// growing: globalThis[Symbol(pages)]
// host: globalThis.keep = (value) => { (globalThis[Symbol.for("pages")] ??= []).push(value); };
// share: keep
globalThis.render = () => {
  keep(() => "page");
  return "page";
};
