// growing: get host.version
// written at: 6:8
// host: globalThis.host = Object.defineProperty({}, "version", { get() { return 1; }, configurable: true });
// share: host
const before = Object.getOwnPropertyDescriptor(host, "version");
Object.defineProperties(host, { version: { get() { return before.get.call(this) + 1; }, configurable: true } });
globalThis.render = () => `page ${host.version}`;
