// GHSA-hw58-p9xv-2mjh, vm2: a promise that is rejected within an executor, with nobody to handle it, is the host's unhandled rejection, and
// Node ends its process. Here it is a line of the app's console.
const attacks = {
  "many that nothing handles": {
    ends: ["ok"],
    async run() {
      for (const value of [
        new Error("x"),
        undefined,
        null,
        Symbol("x"),
        {
          toString() {
            throw 1;
          },
        },
        new Proxy(
          {},
          {
            get() {
              throw 1;
            },
          },
        ),
        Object.create(null),
      ]) {
        new Promise(() => {
          throw value;
        });
        new Promise((_, reject) => reject(value));
        (async () => {
          throw value;
        })();
        queueMicrotask(() => {
          throw value;
        });
        setTimeout(() => {
          throw value;
        }, 0);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      return probe();
    },
  },
  "in a listener for those": {
    ends: ["ok", "limit-cpu", "limit-console-lines"],
    async run() {
      addEventListener("unhandledrejection", () => {
        Promise.reject(new Error("again"));
      });
      Promise.reject(new Error("x"));
      await new Promise((resolve) => setTimeout(resolve, 5));
      return probe();
    },
  },
  "as the answer is out": {
    ends: ["ok"],
    run() {
      Promise.reject(new Error("x"));
      process.emit?.("uncaughtException", new Error("x"));
      process.emit?.("unhandledRejection", new Error("x"));
      return probe();
    },
  },
};
