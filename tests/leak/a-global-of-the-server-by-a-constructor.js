// growing: globalThis.cache
// share: console
globalThis.render = () => {
  const server = console.log.constructor("return globalThis")();
  (server.cache ??= []).push({ html: "page" });
  return "page";
};
