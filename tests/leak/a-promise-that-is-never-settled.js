// growing: host.ready
// to mend it: settle `host.ready`, or have no run wait for it
// written at: 7:14
// host: globalThis.host = { ready: new Promise(() => {}) };
// share: host
globalThis.render = () => {
  host.ready.then(() => "later");
  return "page";
};
