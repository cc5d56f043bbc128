// growing: host.plugins
// host: globalThis.host = { plugins: [] };
// share: host
host.plugins.push(() => "plugin");
globalThis.render = () => "page";
