// growing: console (value in a WeakMap)
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before `console.wm` is made
// The key is older than all runs, so it keeps what each run puts there; and that holds what the run before has put there.
console.wm ??= new WeakMap();
console.wm.set(console, { before: console.wm.get(console), now: () => "page" });
globalThis.render = () => "page";
