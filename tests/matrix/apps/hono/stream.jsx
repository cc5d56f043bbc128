import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { Suspense, renderToReadableStream } from "hono/jsx/streaming";
import { secureHeaders } from "hono/secure-headers";

const app = new Hono();
app.use(secureHeaders());

async function Late({ name }) {
  await new Promise((done) => setTimeout(done, 10));
  return <b>{name}</b>;
}

app.get("/shop/:name{[a-z]+}", (c) => {
  setCookie(c, "seen", getCookie(c, "seen") ?? "once", { httpOnly: true });
  const page = renderToReadableStream(
    <html>
      <body>
        <h1>{c.req.query("q")}</h1>
        <Suspense fallback={<i>loading…</i>}>
          <Late name={c.req.param("name")} />
        </Suspense>
      </body>
    </html>,
  );
  return c.body(page, 203, { "content-type": "text/html; charset=UTF-8" });
});

export default app;
