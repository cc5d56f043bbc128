// A router and a store, whose state goes with the page.
import { createPinia } from "pinia";
import { createSSRApp, h } from "vue";
import { createMemoryHistory, createRouter, RouterView } from "vue-router";
import { renderToString } from "vue/server-renderer";

const routes = [
  { path: "/", component: { render: () => h("p", "home") } },
  { path: "/shop/:name", name: "shop", component: () => import("./Shop.vue") },
  { path: "/old/:rest(.*)*", redirect: ({ params }) => ({ name: "shop", params: { name: params.rest.join("-") } }) },
  { path: "/:pathMatch(.*)*", name: "lost", component: { render: () => h("p", "lost") } },
];

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const [app, pinia, router] = [createSSRApp(RouterView), createPinia(), createRouter({ history: createMemoryHistory(), routes })];
    router.afterEach((to) => void (to.meta.seen = true));
    app.use(pinia).use(router);
    await router.push(url.pathname + url.search);
    await router.isReady();
    const page = await renderToString(app);
    const status = router.currentRoute.value.name === "lost" ? 404 : 200;
    return new Response(`${page}<script>window.state=${JSON.stringify(pinia.state.value)}</script>`, { status, headers: { "content-type": "text/html" } });
  },
};
