// growing: console.meta
// to mend it: write to an object of the run's own that inherits from the shared one: `console = Object.create(console);` before `console.meta` is made
// written at: 6:23
globalThis.render = () => "page";
console.meta ||= { deep: { log: [] } };
console.meta.deep.log.push({ page: "page" });
