// growing: console.seen
// written at: 5:14
globalThis.render = () => "page";
console.seen ??= new Set();
console.seen.add(() => "page");
