// CVE-2026-47686 (GHSA-m283-3h24-438v), vm2: an error was cleaned, and the `cause` in it was not.
const attacks = {
  "causes of natives' errors": {
    ends: ["ok"],
    async run() {
      const got = [];
      const keep = (error) => {
        for (let left = 20; error && left > 0; left--) {
          got.push(error);
          for (const name of Reflect.ownKeys(error)) got.push(error[name]);
          error = error.cause;
        }
      };
      await Promise.all([
        fetch("http://127.0.0.1/").catch(keep),
        fetch("x:").catch(keep),
        fetch("http://a.invalid/").catch(keep),
        import("x").catch(keep),
        new Response("{").json().catch(keep),
        new Response(new Blob(["x"]).stream().pipeThrough(new DecompressionStream("gzip"))).text().catch(keep),
        crypto.subtle
          .importKey("pkcs8", new Uint8Array(9), { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
          .catch(keep),
      ]);
      if (!got.some((value) => value instanceof Error)) return "no errors came";
      return probe(...got);
    },
  },
  "a cause that is thrown to the host": {
    ends: ["app-threw"],
    run() {
      throw new Error("outer", {
        cause: new Proxy(new Error("inner"), { get: (target, name) => (name === "cause" ? globalThis : target[name]) }),
      });
    },
  },
};
