// clean
// pending: setTimeout() 6:3
// pending: setTimeout() 7:3
// Each sets two: they are ended after some turns, or some calls.
function fan() {
  setTimeout(fan, 1);
  setTimeout(fan, 2);
}
globalThis.render = () => {
  fan();
  return "page";
};
