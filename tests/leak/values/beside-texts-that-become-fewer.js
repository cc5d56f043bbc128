// growing: host.pages
// host: globalThis.host = { pages: [], texts: Array.from({ length: 100 }, (_, at) => String(at).repeat(40_000)) };
// share: host
globalThis.render = () => {
  host.pages.push({ html: "page" });
  host.texts.pop();
  return "page";
};
