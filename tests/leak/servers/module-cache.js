// growing: cache
// A cache of a module of the server's, under keys that do not come again.
// host: globalThis.cache = new Map();
// share: cache
globalThis.render = () => {
  cache.set(`/products?at=${Date.now()}`, { items: [{ name: "a" }] });
  return "page";
};
