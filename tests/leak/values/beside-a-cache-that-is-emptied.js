// growing: host.list
// host: globalThis.host = { pages: new Map(), list: [], served: 0 };
// share: host
globalThis.render = () => {
  host.served += 1;
  if (host.served % 20 === 0) host.pages.clear();
  host.pages.set(host.served, "c".repeat(5000));
  host.list.push(`request ${host.served} ${"x".repeat(100)}`);
  return "page";
};
