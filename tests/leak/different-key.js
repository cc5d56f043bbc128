// bounded: console.notExist
// to mend it: it holds the last run only, and does not grow
const nativeError = console.undefined;
console.notExist = (...argv) => {};
globalThis.render = () => "page";
