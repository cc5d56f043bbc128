// growing: host.cache
// written at: 6:39
// host: globalThis.host = { cache: {}, served: 0 };
// share: host
globalThis.render = () => {
  host.cache[`page ${host.served++}`] = { page: "page" };
  return "page";
};
