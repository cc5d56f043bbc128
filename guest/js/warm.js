// What answers a request while the engine is prepared. The shapes that its objects leave are there for every app's: a request
// finds each of them, and makes none. What it reads is what most handlers do.
({
  async fetch(request, env, context) {
    const { pathname, search, searchParams } = new URL(request.url);
    searchParams.get("a");
    new URL("/b", request.url).href;
    request.method;
    request.signal;
    for (const [name, value] of request.headers) new Headers({ [name]: value }).has("accept");
    context.waitUntil(Promise.resolve());
    this.util.format("%s %o", pathname, { search, list: [1, "a", { b: new Map([["c", new Set(["d"])]]) }] });
    this.util.inspect(new Error("a"));
    const sent = new Request(request, { method: "POST", headers: [["content-type", "text/plain"]], body: "a=b" });
    await sent.clone().text();
    await new Request(request.url, { method: "POST", body: new URLSearchParams("a=b") }).formData();
    await new Response(new Uint8Array([123, 125]), { status: 404, headers: { "content-type": "application/json" } }).json();
    Response.redirect(request.url).headers.get("location");
    await new Blob(["a"]).arrayBuffer();
    structuredClone({ a: [1] });
    new TextDecoder().decode(new TextEncoder().encode("a"));
    const controller = new AbortController();
    controller.signal.addEventListener("abort", () => {}, { once: true });
    controller.abort();
    if (pathname === "/text") return new Response("a", { headers: { "content-type": "text/html; charset=utf-8" } });
    if (pathname === "/json") return Response.json({});
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue("a");
        controller.close();
      },
    });
    return new Response(stream.pipeThrough(new TextEncoderStream()), { headers: new Headers([["cache-control", "no-store"]]) });
  },
})
