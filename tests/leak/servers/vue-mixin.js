// growing: Vue.options
// vuejs/vue#5922: a global mixin merges into the options of the constructor, each time anew.
// host: globalThis.Vue = function Vue() {}; Vue.options = { created: [] }; Vue.mixin = function (mixin) { this.options = { ...this.options, created: this.options.created.concat(mixin.created) }; return this; };
// share: Vue
Vue.mixin({ created() {} });
globalThis.render = () => "page";
