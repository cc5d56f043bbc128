// growing: host.signal
// written at: 6:15
// host: globalThis.host = { signal: new AbortController().signal };
// share: host
globalThis.render = () => {
  host.signal.addEventListener("abort", () => {});
  return "page";
};
