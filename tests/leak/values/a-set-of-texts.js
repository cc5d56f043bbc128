// growing: host.seen
// written at: 6:13
// host: globalThis.host = { seen: new Set(), served: 0 };
// share: host
globalThis.render = () => {
  host.seen.add(`visitor ${++host.served}`);
  return "page";
};
