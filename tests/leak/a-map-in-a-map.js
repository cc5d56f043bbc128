// growing: host.tenants
// to mend it: take out of `host.tenants
// written at: 7:25
// host: globalThis.host = { tenants: new Map([["a", new Map()]]), served: 0 };
// share: host
globalThis.render = () => {
  host.tenants.get("a").set(host.served++, () => {});
  return "page";
};
