import React from "react";
import { renderToReadableStream } from "react-dom/server.browser";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export async function fetch(request) {
  const count = Number(new URL(request.url).searchParams.get("count"));
  const stream = await renderToReadableStream(<Page ask={source()} rows={rows(count)} />, {
    bootstrapScripts: ["/client.js"],
    identifierPrefix: "shop-",
    onError: (error) => console.error(error),
  });
  return new Response(stream, { headers: { "content-type": "text/html" } });
}
