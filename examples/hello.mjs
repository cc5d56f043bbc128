// Answers requests, as Workers, Deno and Bun do:
//
//     dayfly render examples/hello.mjs --url 'http://localhost/?name=Ada' --include
export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    const name = url.searchParams.get("name") ?? "you";
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      async start(controller) {
        // The reader has this while the rest is still being made.
        controller.enqueue(encoder.encode("<!doctype html>\n<title>Hello</title>\n"));
        await new Promise((done) => setTimeout(done, 100));
        controller.enqueue(encoder.encode(`<h1>Hello ${name.replaceAll("<", "&lt;")}</h1>\n`));
        controller.close();
      },
    });
    ctx.waitUntil(count(url.pathname));
    return new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};

async function count(path) {
  console.info("counted a visit of", path);
}
