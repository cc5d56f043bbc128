// growing: DOMPurify
// damoang/angple#1383: each run adds its hook, and none takes it away.
// host: globalThis.DOMPurify = (() => { const hooks = { afterSanitizeAttributes: [] }; return { addHook(point, hook) { hooks[point].push(hook); }, sanitize: (text) => text }; })();
// share: DOMPurify
DOMPurify.addHook("afterSanitizeAttributes", (node) => {});
globalThis.render = () => DOMPurify.sanitize("page");
