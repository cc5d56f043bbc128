// growing: store.#all
// to mend it: take back what was handed to store.put
// written at: 7:9
// host: class Store { #all = new Map(); put(value) { this.#all.set(this.#all.size, value); } } globalThis.store = new Store();
// share: store
globalThis.render = () => {
  store.put(() => "page");
  return "page";
};
