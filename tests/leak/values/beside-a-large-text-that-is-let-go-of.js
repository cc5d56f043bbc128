// growing: host.pages
// host: globalThis.host = { pages: [], served: 0, text: "x".repeat(4_000_000) };
// share: host
globalThis.render = () => {
  host.pages.push({ html: "page" });
  if (++host.served === 45) host.text = undefined;
  return "page";
};
