// clean
// It is cleared after three calls, and takes out what it has put in.
globalThis.render = () => {
  const before = console.error;
  let calls = 0;
  console.error = () => before();
  const timer = setInterval(() => {
    if (++calls < 3) return;
    clearInterval(timer);
    console.error = before;
  }, 500);
  return "page";
};
