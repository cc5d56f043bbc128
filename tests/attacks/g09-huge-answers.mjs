// G09: answers that are larger than an answer may be, or that never end, or that fail after the head is out. What a host holds of
// them has to stay near the limit, and a client must be able to see that the body is not whole.
const endless = (chunk) => new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
const failsAfter = (count, error) => {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < count) controller.enqueue(new Uint8Array(1024));
      else controller.error(error);
    },
  });
};
const attacks = {
  "a text of 1 GiB": { ends: ["limit-memory", "limit-page", "app-threw"], run: () => "x".repeat(2 ** 30) },
  "a text of 16 MiB": { ends: ["limit-page"], run: () => "x".repeat(16 << 20) },
  "5 MiB and one byte": { ends: ["limit-page"], run: () => new Response(new Uint8Array((5 << 20) + 1)) },
  "5 MiB in pieces and one byte": {
    ends: ["limit-page"],
    run: () => {
      let left = 5 << 20;
      return new Response(
        new ReadableStream({
          pull(controller) {
            const size = Math.max(1, Math.min(left, 1 << 16));
            controller.enqueue(new Uint8Array(size));
            if (left <= 0) controller.close();
            left -= size;
          },
        }),
      );
    },
  },
  "a text that is longer in UTF-8": { ends: ["limit-page"], run: () => "\u20ac".repeat(2 << 20) },
  "10,000,000 small pieces": {
    ends: ["limit-cpu", "limit-page"],
    run: () => {
      let left = 10_000_000;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (left-- > 0) controller.enqueue(new Uint8Array(1));
            else controller.close();
          },
        }),
      );
    },
  },
  "pieces of nothing": { ends: ["limit-cpu"], run: () => new Response(endless(new Uint8Array(0))) },
  "a stream that never ends": { ends: ["limit-page"], run: () => new Response(endless(new Uint8Array(1 << 16))) },
  "a stream that never begins": { ends: ["app-unsettled"], run: () => new Response(new ReadableStream()) },
  "a stream that waits for ever": {
    ends: ["limit-wall"],
    run: () => new Response(new ReadableStream({ pull: () => new Promise(() => setInterval(() => {}, 1000)) })),
  },
  "pieces that are queued at once": {
    ends: ["limit-memory", "limit-page"],
    run: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            for (;;) controller.enqueue(new Uint8Array(1 << 20));
          },
        }),
      ),
  },
  "an error after the head": {
    ends: ["app-threw"],
    run: () => new Response(failsAfter(0, new Error("after the head"))),
  },
  "an error after some of the body": {
    ends: ["app-threw"],
    run: () => new Response(failsAfter(8, new Error("after some of the body"))),
  },
  "an error that is nothing": { ends: ["app-threw"], run: () => new Response(failsAfter(1, undefined)) },
  "an error whose text loops": {
    ends: ["limit-cpu"],
    run: () =>
      new Response(
        failsAfter(
          1,
          Object.defineProperty(new Error("x"), "message", {
            get() {
              for (;;) {}
            },
          }),
        ),
      ),
  },
  "pieces that are no bytes": {
    ends: ["app-threw"],
    run: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue({ length: 2 ** 40 });
            controller.close();
          },
        }),
      ),
  },
  "pieces whose buffer is gone": {
    ends: ["ok", "app-threw"],
    run: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            const bytes = new Uint8Array(64);
            controller.enqueue(bytes);
            bytes.buffer.transfer();
            controller.enqueue(new TextEncoder().encode("held"));
            controller.close();
          },
        }),
      ),
  },
  "a body that was read": {
    ends: ["app-threw"],
    async run() {
      const response = new Response("x");
      await response.text();
      return response;
    },
  },
  "a body that is somebody's": {
    ends: ["app-threw"],
    run() {
      const response = new Response(new ReadableStream());
      response.body.getReader();
      return response;
    },
  },
  "a body with a false length": {
    ends: ["ok"],
    run: () =>
      new Response("held", {
        headers: { "content-length": "1000000", "transfer-encoding": "chunked", connection: "close" },
      }),
  },
  "a body where none may be": {
    ends: ["ok", "app-threw"],
    run: () => {
      try {
        return new Response("body", { status: 204 });
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "a status that is none": {
    ends: ["ok"],
    run: () => {
      for (const status of [0, 99, 100, 199, 600, 1e9, NaN, -1]) {
        try {
          new Response("", { status });
          return `${status} was taken`;
        } catch (error) {
          if (!(error instanceof RangeError)) return String(error);
        }
      }
    },
  },
  "a status that is no answer": { ends: ["app-threw"], run: () => new Response(null, { status: 101 }) },
  "what is no response": { ends: ["app-threw"], run: () => Response.error() },
  "a response whose parts loop": {
    ends: ["ok", "limit-cpu"],
    run: () =>
      Object.defineProperty(new Response("held"), "body", {
        get() {
          for (;;) {}
        },
      }),
  },
  "answers after the answer": {
    ends: ["ok"],
    run: (request) => {
      queueMicrotask(() => new Response("another"));
      return new Response("held");
    },
  },
  "100 MB that compress to little": {
    ends: ["limit-cpu", "ok", "limit-page"],
    run: () => new Response(endless(new Uint8Array(1 << 16)).pipeThrough(new CompressionStream("gzip"))),
  },
};
