import { PassThrough, Readable } from "node:stream";
import { renderToPipeableStream } from "react-dom/server";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export default {
  fetch(request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    return new Promise((resolve, reject) => {
      const { pipe } = renderToPipeableStream(<Page ask={source()} rows={rows(count)} />, {
        onShellReady() {
          const body = new PassThrough();
          pipe(body);
          resolve(new Response(Readable.toWeb(body), { headers: { "content-type": "text/html" } }));
        },
        onShellError: reject,
        onError: (error) => console.error(error),
      });
    });
  },
};
