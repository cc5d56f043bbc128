// growing: host.counts
// written at: 6:
// host: globalThis.host = { counts: {}, served: 0 };
// share: host
globalThis.render = () => {
  host.counts[`/page/${++host.served}`] = 1;
  return "page";
};
