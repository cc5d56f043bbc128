// CVE-2026-47210, vm2: a promise of WebAssembly's suspension (JSPI) is the host's, and `finally` on it reaches the host's constructor. What
// comes nearest here are promises that the engine and its natives make: each has to be the guest's.
const attacks = {
  "finally of what natives give": {
    ends: ["ok"],
    async run(request) {
      const got = [];
      const promises = [
        fetch("http://127.0.0.1/"),
        request.text(),
        new Response("x").arrayBuffer(),
        new Blob(["x"]).text(),
        crypto.subtle.digest("SHA-256", new Uint8Array(1)),
        crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
        import("x"),
        new ReadableStream().cancel(),
        new WritableStream().close(),
        Array.fromAsync?.([1]) ?? Promise.resolve(),
        (await import("node:timers/promises").catch(() => ({}))).setTimeout?.(1) ?? Promise.resolve(),
      ];
      for (const promise of promises) {
        const { constructor } = promise;
        got.push(promise, constructor);
        Object.defineProperty(promise, "constructor", {
          get() {
            got.push(this);
            return constructor;
          },
        });
        await Promise.prototype.finally
          .call(promise, function (...values) {
            got.push(this, ...values);
          })
          .catch((error) => got.push(error));
      }
      return probe(...got);
    },
  },
};
