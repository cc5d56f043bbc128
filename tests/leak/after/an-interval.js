// growing: console.queue
// written at: 6:35
// pending: setInterval() 6:3
console.queue ??= [];
globalThis.render = () => {
  setInterval(() => console.queue.push(() => "tick"), 1_000);
  return "page";
};
