import { renderToReadableStream } from "react-dom/server.edge";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export default {
  async fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const stream = await renderToReadableStream(<Page ask={source()} rows={rows(count)} />, {
      bootstrapModules: ["/client.js"],
      identifierPrefix: "shop-",
      signal: request.signal,
      onError: (error) => console.error(error),
    });
    return new Response(stream, { headers: { "content-type": "text/html" } });
  },
};
