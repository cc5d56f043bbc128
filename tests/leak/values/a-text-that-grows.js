// growing: host.log
// written at: 6:12
// host: globalThis.host = { log: "" };
// share: host
globalThis.render = () => {
  host.log += "GET / 200 in some milliseconds\n";
  return "page";
};
