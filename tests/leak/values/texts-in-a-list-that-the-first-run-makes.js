// growing: console.seen
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before `console.seen` is made
(console.seen ??= []).push("page ".repeat(20));
globalThis.render = () => "page";
