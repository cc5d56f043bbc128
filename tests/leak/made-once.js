// bounded: host.config
// written at: 5:
// host: globalThis.host = {};
// share: host
host.config ??= { made: "by the first run, for all" };
globalThis.render = () => host.config.made;
