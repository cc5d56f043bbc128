// growing: console.debug
// written at: 4:17
globalThis.render = () => {
  console.debug = console.debug.bind(console, "page:");
  return "page";
};
