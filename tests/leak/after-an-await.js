// growing: console.warn
globalThis.render = async () => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const warn = console.warn;
  console.warn = (...argv) => warn(...argv);
  return "page";
};
