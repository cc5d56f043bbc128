// clean
// host: globalThis.cache = new Map(); globalThis.remember = (key, value) => { cache.set(key, value); setTimeout(() => cache.delete(key), 300_000); };
// share: cache,remember
globalThis.render = () => {
  remember(`page ${Date.now()}`, { html: () => "page" });
  return "page";
};
