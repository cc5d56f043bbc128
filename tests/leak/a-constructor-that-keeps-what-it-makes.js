// growing: Store.all
// to mend it: take out of `Store.all` what the run has put in when it ends
// written at: 6:1
// host: globalThis.Store = class Store { static all = []; constructor() { Store.all.push(this); } };
// share: Store
class Pages extends Store {}
globalThis.render = () => `page ${typeof new Pages()}`;
