// growing: console.error
const { error } = console;
Object.assign(console, { error: (...argv) => error(...argv) });
globalThis.render = () => "page";
