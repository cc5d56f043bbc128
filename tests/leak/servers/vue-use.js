// growing: Vue._installedPlugins
// vuejs/vue#6479: a constructor that is external to the bundle remembers each plugin that is used.
// host: globalThis.Vue = function Vue() {}; Vue.use = function (plugin) { const installed = this._installedPlugins || (this._installedPlugins = []); if (installed.indexOf(plugin) > -1) return this; plugin.install(this); installed.push(plugin); return this; };
// share: Vue
const plugin = { install() {} };
Vue.use(plugin);
globalThis.render = () => "page";
