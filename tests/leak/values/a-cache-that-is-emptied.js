// bounded: host.pages
// host: globalThis.host = { pages: new Map(), served: 0 };
// share: host
globalThis.render = () => {
  host.served += 1;
  if (host.served % 20 === 0) host.pages.clear();
  host.pages.set(host.served, { html: "c".repeat(5000) });
  return "page";
};
