// growing: host.log
// to mend it: clear `host.log` when the run ends, or give it a limit
// written at: 7:12
// host: globalThis.host = { log: "" };
// share: host
globalThis.render = () => {
  host.log += "GET / 200 in some milliseconds\n";
  return "page";
};
