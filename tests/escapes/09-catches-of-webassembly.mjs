// CVE-2026-26956 (GHSA-ffh4-j6h5-pg66), vm2: `catch` in JavaScript was instrumented, and a `catch` in WebAssembly was not: by its JSTag it
// takes an exception of the host as it is. Here is no WebAssembly, under no name.
const attacks = {
  "no WebAssembly": {
    ends: ["ok"],
    run() {
      for (const text of ["WebAssembly", "globalThis.WebAssembly", "self.WebAssembly", "global.WebAssembly"])
        if ((0, eval)(`typeof ${text}`) !== "undefined") return text;
      return probe();
    },
  },
  "a catch in each other place": {
    ends: ["ok"],
    async run() {
      const got = [];
      const keep = (error) => void got.push(error);
      const fails = () => new URL("x");
      await new Promise((resolve) => resolve(fails())).catch(keep);
      await (async () => fails())().catch(keep);
      await Promise.try?.(fails).catch(keep);
      await new Response(new ReadableStream({ pull: fails })).text().catch(keep);
      await new ReadableStream({ start: (controller) => controller.enqueue(1) })
        .pipeTo(new WritableStream({ write: fails }))
        .catch(keep);
      addEventListener("error", keep);
      addEventListener("unhandledrejection", keep);
      self.onerror = keep;
      reportError(new Error("x"));
      Promise.reject(fails);
      setTimeout(fails, 0);
      queueMicrotask(fails);
      await new Promise((resolve) => setTimeout(resolve, 3));
      return probe(...got);
    },
  },
};
