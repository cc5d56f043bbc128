import { render as renderTemplate } from "@lit-labs/ssr";
import { RenderResultReadable } from "@lit-labs/ssr/lib/render-result-readable.js";
import { Readable } from "node:stream";
import { rows } from "data";
import { page } from "./Page.js";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const result = renderTemplate(page({ title: "Streamed", rows: rows(count) }));
    return new Response(Readable.toWeb(new RenderResultReadable(result)), { headers: { "content-type": "text/html" } });
  },
};
