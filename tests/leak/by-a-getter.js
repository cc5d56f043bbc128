// growing: get host.value
// host: globalThis.host = Object.defineProperty({}, "value", { get: () => 1, configurable: true });
// share: host
const { get } = Object.getOwnPropertyDescriptor(host, "value");
Object.defineProperty(host, "value", { get: () => get() + 1, configurable: true });
globalThis.render = () => "page";
