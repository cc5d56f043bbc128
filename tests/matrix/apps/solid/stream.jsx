import { renderToStream } from "solid-js/web";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const { readable, writable } = new TransformStream();
    // Not in the JSX: a prop is a getter there, so that each reader would have a source of its own, whose turns are those of others.
    const ask = source();
    renderToStream(() => <Page ask={ask} rows={rows(count)} />).pipeTo(writable);
    return new Response(readable, { headers: { "content-type": "text/html" } });
  },
};
