// growing: cache
// written at: 7:3
// A Map at the top level of the server's code, to which a run comes by a function that is shared.
// host: const cache = new Map(); globalThis.remember = (key, value) => { cache.set(key, value); };
// share: remember
globalThis.render = () => {
  remember(`/products?at=${Date.now()}`, { items: [] });
  return "page";
};
