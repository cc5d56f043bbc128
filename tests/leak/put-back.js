// clean
// What it wraps it puts back when it has rendered.
globalThis.render = () => {
  const error = console.error;
  console.error = (...argv) => error(...argv);
  console.error("rendering");
  console.error = error;
  return "page";
};
