// CVE-2026-47131 (GHSA-v6mx-mf47-r5wg), vm2: the setter of `__proto__` was guarded where it is named, and reached by call, apply, bind and
// Reflect.apply; a prototype of a host's object then led out.
const { get, set } = Object.getOwnPropertyDescriptor(Object.prototype, "__proto__");
const attacks = {
  "by each way to call it": {
    ends: ["ok"],
    times: 10,
    run(request, env, context) {
      const got = [];
      const mine = { left: true };
      for (const object of [
        globalThis,
        process,
        console,
        request,
        env,
        context,
        fetch,
        crypto,
        import.meta,
        Response,
        Promise.resolve(),
        new Error("x"),
        (async () => {})(),
        [].values(),
      ]) {
        try {
          for (let up = get.call(object); up !== null; up = Reflect.apply(get, up, [])) {
            if (up.left === true) return "the render before left its prototype";
            got.push(up, up.constructor);
          }
        } catch (error) {
          got.push(error);
        }
        for (const put of [
          () => set.call(object, mine),
          () => set.apply(object, [mine]),
          () => set.bind(object)(mine),
          () => Reflect.apply(set, object, [mine]),
          () => Function.prototype.call.call(set, object, mine),
          () => Reflect.set(object, "__proto__", mine),
        ]) {
          try {
            const before = Object.getPrototypeOf(object);
            put();
            got.push(object.constructor);
            Object.setPrototypeOf(object, before);
          } catch (error) {
            got.push(error);
          }
        }
      }
      return probe(...got);
    },
  },
};
