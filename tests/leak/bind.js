// growing: console.debug
// written at: 4:3
globalThis.render = () => {
  console.debug = console.debug.bind(console, "page:");
  return "page";
};
