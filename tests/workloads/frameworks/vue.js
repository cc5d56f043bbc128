import { computed, createSSRApp, h, ref } from "vue";
import { renderToString } from "@vue/server-renderer";

const Row = {
  props: ["row"],
  setup(props) {
    const price = computed(() => props.row.price.toFixed(2));
    return () => h("tr", { class: { ok: props.row.ok } }, [h("td", props.row.id), h("td", props.row.name), h("td", { style: { color: "red" } }, price.value)]);
  },
};

const Page = {
  props: ["title", "rows"],
  async setup(props) {
    const count = ref(props.rows.length);
    await Promise.resolve();
    return () => h("main", [h("h1", props.title), h("table", props.rows.map((row) => h(Row, { key: row.id, row }))), h("p", `${count.value} rows`)]);
  },
};

export function render(props) {
  return renderToString(createSSRApp(Page, props));
}
