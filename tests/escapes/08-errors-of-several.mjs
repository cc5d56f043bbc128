// CVE-2026-26332 (GHSA-55hx-c926-fr95), vm2: an error was cleaned by itself, but not the errors within a `SuppressedError` (as `using`
// makes) or an `AggregateError`.
const attacks = {
  "by using, any and causes": {
    ends: ["ok"],
    async run() {
      const got = [];
      const fails = () => {
        throw new URL("x");
      };
      const collect = (error) => {
        for (let left = 20; error !== undefined && error !== null && left > 0; left--) {
          got.push(error, error.cause, ...(error.errors ?? []), error.suppressed);
          error = error.error;
        }
      };
      try {
        (0, eval)(
          "{ using a = { [Symbol.dispose]() { null.x } }, b = { [Symbol.dispose]() { new URL('x') } }; decodeURI('%'); }",
        );
      } catch (error) {
        collect(error);
      }
      const stack = new DisposableStack(),
        later = new AsyncDisposableStack();
      for (const each of [stack, later])
        (each.defer(fails), each.defer(() => new Headers({ "\n": "" })), each.defer(() => process.binding("fs")));
      try {
        stack.dispose();
      } catch (error) {
        collect(error);
      }
      await later.disposeAsync().catch(collect);
      await Promise.any([fetch("x:"), import("x"), crypto.subtle.digest("x", new Uint8Array())]).catch(collect);
      return got.length > 5 ? probe(...got) : "no errors came";
    },
  },
};
