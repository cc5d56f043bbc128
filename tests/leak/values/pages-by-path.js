// growing: host.cache
// written at: 6:
// host: globalThis.host = { cache: {}, served: 0 };
// share: host
globalThis.render = () => {
  host.cache[`/product/${++host.served}`] = "<html>" + "z".repeat(300);
  return "page";
};
