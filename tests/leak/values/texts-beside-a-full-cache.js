// growing: host.list
// written at: 8:13
// host: globalThis.host = { pages: new Map(), list: [], served: 0 };
// share: host
globalThis.render = () => {
  host.pages.set(++host.served, { html: "page" });
  if (host.pages.size > 5) host.pages.delete(host.pages.keys().next().value);
  host.list.push(`request ${host.served} ${"x".repeat(100)}`);
  return "page";
};
