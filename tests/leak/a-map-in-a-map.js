// growing: host.tenants
// written at: 6:25
// host: globalThis.host = { tenants: new Map([["a", new Map()]]), served: 0 };
// share: host
globalThis.render = () => {
  host.tenants.get("a").set(host.served++, () => {});
  return "page";
};
