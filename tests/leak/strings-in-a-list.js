// growing: (values that are no objects)
// host: globalThis.host = { lines: [] };
// share: host
globalThis.render = () => {
  host.lines.push(`request at ${Date.now()}`);
  return "page";
};
