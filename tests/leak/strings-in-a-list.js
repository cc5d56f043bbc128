// growing: host.lines
// written at: 6:14
// host: globalThis.host = { lines: [] };
// share: host
globalThis.render = () => {
  host.lines.push(`request at ${Date.now()}`);
  return "page";
};
