import { createSSRApp } from "vue";
import { renderToString } from "vue/server-renderer";
import { rows, source } from "data";
import Page from "./Page.vue";

export async function render({ count }) {
  const context = {};
  const page = await renderToString(createSSRApp(Page, { rows: rows(count) }).provide("ask", source()), context);
  return `<div id="app">${page}</div><div id="modals">${context.teleports["#modals"]}</div>`;
}
