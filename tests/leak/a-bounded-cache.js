// bounded: host.cache
// host: globalThis.host = { cache: new Map() };
// share: host
globalThis.render = () => {
  host.cache.set(Math.random(), { page: "page" });
  if (host.cache.size > 5) host.cache.delete(host.cache.keys().next().value);
  return "page";
};
