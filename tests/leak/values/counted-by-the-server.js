// growing: count (variable counts)
// host: globalThis.count = (() => { const counts = {}; let served = 0; return () => { counts["/" + ++served] = 1; }; })();
// share: count
globalThis.render = () => {
  count();
  return "page";
};
