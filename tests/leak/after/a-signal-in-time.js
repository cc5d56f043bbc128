// growing: console.aborted
// written at: 6:68
console.aborted ??= [];
globalThis.render = () => {
  const signal = AbortSignal.timeout(5_000);
  signal.addEventListener("abort", ({ target }) => console.aborted.push(target));
  return "page";
};
