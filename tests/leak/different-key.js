// bounded: console.notExist
const nativeError = console.undefined;
console.notExist = (...argv) => {};
globalThis.render = () => "page";
