// growing: console.history
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before `console.history` is made
console.history = [...(console.history ?? []), () => "page"];
globalThis.render = () => "page";
