// growing: set host.handler
// host: globalThis.host = (() => { const all = []; return { set handler(value) { all.push(value); } }; })();
// share: host
host.handler = () => {};
globalThis.render = () => "page";
