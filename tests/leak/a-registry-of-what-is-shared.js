// growing: host.registry (held_value)
// to mend it: take back what was handed to host.registry.register when the run ends
// host: globalThis.host = { registry: new FinalizationRegistry(() => {}) };
// share: host
globalThis.render = () => {
  host.registry.register(host, () => "page");
  return "page";
};
