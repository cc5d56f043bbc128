// CVE-2023-29017 (GHSA-7jxr-cg7f-gpgv), vm2: an async function fails with nobody there to handle it, and the host, as it makes the text of
// that error, calls the app's `prepareStackTrace` with things of its own.
const attacks = {
  "an async error that nothing handles": {
    ends: ["ok"],
    async run() {
      const got = [];
      Error.prepareStackTrace = function (error, sites) {
        got.push(
          this,
          error,
          ...sites,
          ...sites.map((site) => site.getThis?.()),
          ...sites.map((site) => site.getFunction?.()),
        );
        return "";
      };
      (async () => {
        await null;
        null.x;
      })();
      (async () => import("node:sqlite"))();
      setTimeout(() => {
        undefined.x;
      }, 0);
      await new Promise((resolve) => setTimeout(resolve, 3));
      delete Error.prepareStackTrace;
      return probe(...got);
    },
  },
};
