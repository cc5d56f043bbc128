// growing: console.meta
// written at: 5:23
globalThis.render = () => "page";
console.meta ||= { deep: { log: [] } };
console.meta.deep.log.push({ page: "page" });
