// growing: console.seen
// What a timer does has the context of who has set it, after the page too.
const { AsyncLocalStorage } = require("async_hooks");
const request = new AsyncLocalStorage();
console.seen ??= [];
globalThis.render = () => {
  request.run({ id: 7 }, () => setTimeout(() => {
    if (request.getStore()?.id === 7) console.seen.push(request.getStore());
  }, 10));
  return "page";
};
