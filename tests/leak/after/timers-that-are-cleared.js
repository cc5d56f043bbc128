// clean
// By their number, as text, by methods of their own, in another timer; and what is awaited may take as many turns as it likes.
globalThis.render = async () => {
  const interval = setInterval(() => {}, 10);
  clearInterval(+interval);
  const other = setInterval(() => {}, 10);
  setTimeout(() => clearInterval(String(+other)), 50);
  setInterval(() => {}, 10).close();
  setTimeout(() => {}, 1e9)[Symbol.dispose]();
  clearImmediate(setImmediate(() => {}));
  setTimeout("globalThis.text = 1", 5);
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  return "page";
};
