// GHSA-cp6g-6699-wx9c, vm2: the root of `require` was compared before links were followed, so that a link led past it. There are no
// files here, by whatever path.
const attacks = {
  "by require and import": {
    ends: ["ok"],
    async run() {
      const got = [];
      const { createRequire } = await import("node:module").catch(() => ({}));
      const loads = [
        (name) => import(name),
        (name) => (0, eval)("require")(name),
        (name) => createRequire("/")(name),
        (name) => process.getBuiltinModule(name),
        (name) => new Function("name", "return require(name)")(name),
      ];
      for (const name of [
        "/etc/passwd", "../../../etc/passwd", "./node_modules/../../x", "/proc/self/root/etc/passwd",
        "file:///proc/self/environ", "child_process", "//etc/passwd", "..\\..\\x", "%2e%2e/x", "\0/etc/passwd",
      ]) {
        for (const load of loads) {
          try {
            const loaded = await load(name);
            got.push(loaded);
            if (/root:|PATH=/.test(JSON.stringify(loaded) ?? "")) return `${name} was read`;
            if (name === "child_process" && loaded) (loaded.execSync("id"), got.push("ran"));
          } catch (error) {
            if (!/root:x/.test(error?.message)) continue;
            return `${name} was read: ${error.message}`;
          }
        }
      }
      return got.includes("ran") ? "a process was started" : probe(...got);
    },
  },
};
