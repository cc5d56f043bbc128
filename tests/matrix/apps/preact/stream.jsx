import { renderToReadableStream } from "preact-render-to-string/stream";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    return new Response(renderToReadableStream(<Page ask={source()} rows={rows(count)} />), { headers: { "content-type": "text/html" } });
  },
};
