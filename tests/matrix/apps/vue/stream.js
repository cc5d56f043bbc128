import { createSSRApp } from "vue";
import { renderToWebStream } from "vue/server-renderer";
import { rows, source } from "data";
import Page from "./Page.vue";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const stream = renderToWebStream(createSSRApp(Page, { rows: rows(count) }).provide("ask", source()));
    return new Response(stream, { headers: { "content-type": "text/html" } });
  },
};
