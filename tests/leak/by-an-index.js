// growing: host.handlers[0]
// host: globalThis.host = { handlers: [() => {}] };
// share: host
const before = host.handlers[0];
host.handlers[0] = () => before();
globalThis.render = () => "page";
