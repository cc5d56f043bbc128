// bounded: host.config
// to mend it: it holds one run only, which has made it for all, and does not grow; to let go of it too, write to an object of the run's own that inherits from the shared one: `host = Object.create(host);` before the write
// written at: 6:
// host: globalThis.host = {};
// share: host
host.config ??= { made: "by the first run, for all" };
globalThis.render = () => host.config.made;
