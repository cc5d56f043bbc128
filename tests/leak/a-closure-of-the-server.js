// growing: remember
// written at: 6:3
// host: globalThis.remember = (() => { const all = []; return (value) => { all.push(value); }; })();
// share: remember
globalThis.render = () => {
  remember({ page: "page" });
  return "page";
};
