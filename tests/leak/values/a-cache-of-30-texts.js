// clean
// host: globalThis.host = { pages: new Map(), served: 0 };
// share: host
globalThis.render = () => {
  host.pages.set(++host.served, "p".repeat(500));
  if (host.pages.size > 30) host.pages.delete(host.pages.keys().next().value);
  return "page";
};
