// bounded: console.wm
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before `console.wm` is made
// What is under a key that is gone is gone too, and the WeakMap holds the realm of the run that made it.
console.wm ??= new WeakMap();
const key = {};
console.wm.set(key, () => key);
globalThis.render = () => "page";
