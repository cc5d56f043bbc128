// A data library, which asks while the page is rendered.
import { dehydrate, QueryClient, useQuery, VueQueryPlugin } from "@tanstack/vue-query";
import { createSSRApp, h, onServerPrefetch } from "vue";
import { renderToString } from "vue/server-renderer";
import { source } from "data";

const Page = {
  props: ["ask"],
  setup(props) {
    const { data, suspense } = useQuery({ queryKey: ["shop"], queryFn: () => props.ask("asked") });
    onServerPrefetch(suspense);
    return () => h("ul", data.value?.rows.map((row) => h("li", row.name)) ?? "not there");
  },
};

export async function render() {
  const queryClient = new QueryClient();
  const page = await renderToString(createSSRApp(Page, { ask: source() }).use(VueQueryPlugin, { queryClient }));
  return `${page}${JSON.stringify(dehydrate(queryClient).queries.map(({ queryKey, state }) => [queryKey, state.data]))}`;
}
