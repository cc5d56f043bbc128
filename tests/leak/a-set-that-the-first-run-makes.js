// growing: console.seen
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before `console.seen` is made
// written at: 6:14
globalThis.render = () => "page";
console.seen ??= new Set();
console.seen.add(() => "page");
