// clean
// host: globalThis.host = { signal: new AbortController().signal };
// share: host
globalThis.render = () => {
  const listener = () => {};
  host.signal.addEventListener("abort", listener);
  host.signal.removeEventListener("abort", listener);
  return "page";
};
