// CVE-2026-43997 (GHSA-47x8-96vw-5wg6), vm2: a symbol of `Symbol.for` is the same in all realms; with it an app reads, or puts, what the host
// looks for on its own objects.
const keys = [
  "nodejs.util.inspect.custom", "nodejs.util.promisify.custom", "nodejs.rejection", "nodejs.dispose",
  "nodejs.asyncDispose", "Deno.customInspect", "Deno.internal", "Deno.privateCustomInspect", "nodejs.stream.destroyed",
  "nodejs.webstream.isClosedPromise", "undici.globalDispatcher.1", "[[webidl.brand]]", "bootstrap", "native",
];
const attacks = {
  "read and written on what is the host's": {
    ends: ["ok"],
    times: 10,
    run() {
      const got = [];
      const objects = [
        globalThis, process, console, console.log, crypto, crypto.subtle, performance, navigator, fetch, Response,
        Response.prototype, Headers.prototype, ReadableStream.prototype, Buffer, Object.prototype, Function.prototype,
        Promise, Error,
      ];
      const places = objects.flatMap((object) =>
        [...keys.map((key) => Symbol.for(key)), ...Object.getOwnPropertySymbols(object)].map((key) => [object, key]),
      );
      if (places.some(([object, key]) => Object.getOwnPropertyDescriptor(object, key)?.value?.left === true))
        return "the render before left a value";
      for (const [object, key] of places) {
        try {
          got.push(object[key]);
          object[key] = Object.assign((...values) => void got.push(...values), { left: true });
        } catch (error) {
          got.push(error);
        }
      }
      console.log(new Headers(), new Response("x"), process, crypto);
      for (const symbol of Object.getOwnPropertySymbols(Symbol)) got.push(Symbol[symbol]);
      return probe(...got);
    },
  },
};
