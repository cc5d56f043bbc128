// growing: console.error
// written at: 8:21
// What is done after the page is the run's, too.
globalThis.render = () => {
  setTimeout(() => {
    const { error } = console;
    setTimeout(() => {
      console.error = (...argv) => error(...argv);
    }, 60_000);
  }, 1_000);
  return "page";
};
