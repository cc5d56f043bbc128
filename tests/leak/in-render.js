// growing: console.warn
globalThis.render = () => {
  const warn = console.warn;
  console.warn = (...argv) => warn(...argv);
  return "page";
};
