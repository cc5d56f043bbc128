// bounded: host.pages
// host: globalThis.host = { pages: new Map(), served: 0 };
// share: host
globalThis.render = () => {
  host.pages.set(++host.served, { html: "page" });
  if (host.pages.size > 5) host.pages.delete(host.pages.keys().next().value);
  return "page";
};
