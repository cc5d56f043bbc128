// G21: the calls from the guest to the host, as often, as large and as nested as an app can have them: each lifts lists and texts out of
// the guest's memory, and each can be made while the guest is in the middle of another.
const rejects = async (promise) => {
  try {
    await promise;
    return "it was allowed";
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError || error instanceof DOMException
      ? "held"
      : String(error);
  }
};
const attacks = {
  "1,000,000 calls without a wait": {
    ends: ["limit-cpu", "limit-memory", "app-threw", "ok"],
    async run() {
      const calls = [];
      for (let i = 0; i < 1_000_000; i++) calls.push(fetch("http://127.0.0.1:1/").catch(() => {}));
      await Promise.all(calls);
    },
  },
  "200 calls to where none may be made": {
    ends: ["ok"],
    async run() {
      const ends = await Promise.all(
        Array.from({ length: 200 }, (_, i) => rejects(fetch(`http://127.0.0.1:${i + 1}/`))),
      );
      return ends.find((end) => end !== "held") ?? "held";
    },
  },
  "a call with 10,000 headers": {
    ends: ["ok", "limit-cpu"],
    run: () =>
      rejects(fetch("http://127.0.0.1:1/", { headers: Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, "y"]) })),
  },
  "a call with a header of 4 MiB": {
    ends: ["ok", "limit-cpu"],
    run: () => rejects(fetch("http://127.0.0.1:1/", { headers: { x: "y".repeat(4 << 20) } })),
  },
  "a call with a body of 16 MiB": {
    ends: ["ok"],
    run: () => rejects(fetch("http://127.0.0.1:1/", { method: "POST", body: new Uint8Array(16 << 20) })),
  },
  "a call with a URL of 4 MiB": {
    ends: ["ok", "limit-cpu"],
    run: () => rejects(fetch(`http://127.0.0.1:1/${"x".repeat(4 << 20)}`)),
  },
  "a call with a body that never ends": {
    ends: ["limit-memory", "limit-cpu", "ok"],
    run: () =>
      rejects(
        fetch("http://127.0.0.1:1/", {
          method: "POST",
          duplex: "half",
          body: new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) }),
        }),
      ),
  },
  "a call that is cancelled as it begins": {
    ends: ["ok"],
    async run() {
      for (let i = 0; i < 100; i++) {
        const controller = new AbortController(),
          call = fetch("http://127.0.0.1:1/", { signal: controller.signal });
        controller.abort();
        const end = await rejects(call);
        if (end !== "held") return end;
      }
    },
  },
  "a signal that cancels as it is read": {
    ends: ["ok"],
    async run() {
      const controller = new AbortController();
      return rejects(
        fetch("http://127.0.0.1:1/", {
          get signal() {
            controller.abort();
            return controller.signal;
          },
          get headers() {
            controller.abort();
            return {};
          },
        }),
      );
    },
  },
  "a call within the making of a call": {
    ends: ["ok"],
    async run() {
      const inner = [];
      const end = await rejects(
        fetch(
          {
            toString() {
              inner.push(rejects(fetch("http://127.0.0.1:2/")));
              return "http://127.0.0.1:1/";
            },
          },
          {
            get method() {
              inner.push(rejects(fetch("http://127.0.0.1:3/")));
              console.log("inner");
              return "POST";
            },
            get body() {
              inner.push(rejects(fetch("http://127.0.0.1:4/")));
              return "x";
            },
          },
        ),
      );
      return (await Promise.all([end, ...inner])).find((end) => end !== "held") ?? "held";
    },
  },
  "a line within a line within a line": {
    ends: ["ok", "limit-console-lines"],
    run: () => {
      let depth = 0;
      const value = {
        [Symbol.for("nodejs.util.inspect.custom")]() {
          if (depth++ < 100) console.log(value);
          crypto.getRandomValues(new Uint8Array(8));
          return "x";
        },
      };
      console.log(value);
    },
  },
  "memory that grows as a text is taken": {
    ends: ["ok"],
    run: () => {
      const kept = [];
      for (let i = 0; i < 8; i++) {
        kept.push(new Uint8Array(4 << 20));
        console.log("x".repeat(4000));
      }
    },
  },
  "random bytes, as many as may be": {
    ends: ["ok", "limit-cpu"],
    run: () => {
      for (let i = 0; i < 16; i++) {
        const bytes = crypto.getRandomValues(new Uint8Array(65536));
        if (bytes.subarray(0, 4096).every((byte) => byte === 0)) return "they are none";
      }
    },
  },
  "random bytes, more than may be": {
    ends: ["ok"],
    run: () => {
      try {
        crypto.getRandomValues(new Uint8Array(65537));
        return "they were given";
      } catch (error) {
        return error.name === "QuotaExceededError" ? "held" : String(error);
      }
    },
  },
  "an answer with 10,000 headers": {
    ends: ["limit-response-headers", "app-threw", "limit-cpu"],
    run: () => new Response("x", { headers: Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, "y"]) }),
  },
  "an answer with one name 5,000 times": {
    ends: ["ok", "limit-response-headers", "app-threw"],
    run: () => {
      const headers = new Headers();
      for (let i = 0; i < 5000; i++) headers.append("set-cookie", "a=b");
      return new Response("held", { headers });
    },
  },
  "an answer with a header of 1 MiB": {
    ends: ["limit-response-headers", "app-threw", "limit-cpu"],
    run: () => new Response("x", { headers: { x: "y".repeat(1 << 20) } }),
  },
  "an answer with a name of 1 MiB": {
    ends: ["limit-response-headers", "app-threw", "limit-cpu"],
    run: () => new Response("x", { headers: { ["y".repeat(1 << 20)]: "x" } }),
  },
  "an answer with headers just below the bound": {
    ends: ["ok"],
    run: () => new Response("held", { headers: { x: "y".repeat(30 << 10) } }),
  },
  "an answer that makes calls as it is read": {
    ends: ["ok"],
    run: () => {
      let left = 20;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await rejects(fetch("http://127.0.0.1:1/"));
            console.log("between two pieces");
            crypto.getRandomValues(new Uint8Array(8));
            if (left-- === 0) {
              controller.enqueue(new TextEncoder().encode("held"));
              controller.close();
            } else controller.enqueue(new Uint8Array(0));
          },
        }),
      );
    },
  },
  "a piece whose memory goes as it is written": {
    ends: ["ok", "app-threw"],
    run: () => {
      const bytes = new TextEncoder().encode("held");
      Object.defineProperty(bytes, "byteLength", {
        get() {
          bytes.buffer.transfer();
          return 2 ** 40;
        },
      });
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(bytes);
            controller.close();
          },
        }),
      );
    },
  },
  "a body that was sent, read in pieces and again": {
    ends: ["ok"],
    async run(request, env, context) {
      for (let i = 0; i < 100; i++) {
        try {
          await request.clone().arrayBuffer();
        } catch (error) {
          return String(error);
        }
      }
      await request.text();
      try {
        await request.text();
        return request.body === null ? "held" : "it was read twice";
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "waiting and calls in turn": {
    ends: ["ok"],
    async run() {
      for (let i = 0; i < 200; i++) {
        await Promise.all([new Promise((resolve) => setTimeout(resolve, 0)), rejects(fetch("http://127.0.0.1:1/"))]);
      }
    },
  },
  "waitUntil, 100,000 times": {
    ends: ["ok", "limit-cpu"],
    run: (request, env, context) => {
      for (let i = 0; i < 100_000; i++) context.waitUntil(i);
    },
  },
  "waitUntil of what never settles": {
    ends: ["app-unsettled", "ok"],
    run: (request, env, context) => context.waitUntil(new Promise(() => {})),
  },
  "waitUntil that asks for more for ever": {
    ends: ["limit-cpu"],
    run: (request, env, context) => {
      const next = async () => {
        await null;
        context.waitUntil(next());
      };
      context.waitUntil(next());
    },
  },
};
