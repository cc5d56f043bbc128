// growing: process._events.uncaughtException
// vuesion/vuesion#520: each context listens for what no one catches.
// share: console,process
process.on("uncaughtException", (error) => {
  console.error(error);
});
globalThis.render = () => "page";
