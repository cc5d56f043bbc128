import { createSSRApp } from "vue";
import { pipeToWebWritable } from "vue/server-renderer";
import { rows, source } from "data";
import Page from "./Page.vue";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const { readable, writable } = new TransformStream();
    pipeToWebWritable(createSSRApp(Page, { rows: rows(count) }).provide("ask", source()), {}, writable);
    return new Response(readable, { headers: { "content-type": "text/html" } });
  },
};
