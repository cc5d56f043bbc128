import { renderToStream } from "solid-js/web";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const { readable, writable } = new TransformStream();
    renderToStream(() => <Page ask={source()} rows={rows(count)} />).pipeTo(writable);
    return new Response(readable, { headers: { "content-type": "text/html" } });
  },
};
