// A recording membrane: shared objects go to a run behind proxies, and every crossing is noted that could make one run hold on to
// another: a key that is read, and a reference that is put under a key, by whatever operation.
//
//   - What is proxied is a shadow and never the shared object, so that no invariant of the language can be violated by what is there.
//   - One proxy for each object, so that identity is kept.
//   - Proxies are taken off before they reach shared code, which so sees its own object as `this`: internal slots, private fields
//     and brand checks work.
function makeWatch({ show, isReference, stack }) {
  const R = {};
  for (const name of Reflect.ownKeys(Reflect)) R[name] = Reflect[name];
  const real = new WeakMap(), proxies = new WeakMap(), paths = new WeakMap();
  const unwrap = (value) => isReference(value) && real.has(value) ? real.get(value) : value;
  const isShared = (value) => paths.has(value);
  const uncurry = (method) => (self, ...rest) => R.apply(method, self, rest);
  const endsWith = uncurry(String.prototype.endsWith);
  const MOST_EVENTS = 2000, MOST_KEYS = 4096, MOST_VALUES = 500;

  let run = 0;
  let events = [];
  /** What the runs before have done, by path: what the first one does for all is in no later one. */
  const older = { __proto__: null };
  /** Where values that are no references were written first, by the path of the object. */
  const written = { __proto__: null };
  let writtenCount = 0;
  /** What this run has read: the shared object, then the key, then where. */
  let reads = new Map();
  /** What this run has handed over itself: it gets it back as it is. */
  let mine = new WeakSet();
  /** What shared functions have made for this run. */
  let made = new WeakSet();

  // Whatever it was that was read: a key that is missing in the first run holds the first run's function in the second.
  function noteRead(object, key, at) {
    let keys = reads.get(object);
    if (keys === undefined) reads.set(object, keys = new Map());
    if (keys.size < MOST_KEYS && !keys.has(key)) keys.set(key, at ?? stack());
  }

  function noteWrite(object, key, value, via) {
    // What is no reference pins no run; but there may be more of it with each.
    if (!isReference(value)) return void noteValue(object, key, via);
    // What is shared already is older than the run, but for what was made for it.
    if (real.has(value) || isShared(value)) {
      if (!made.has(unwrap(value))) return;
    } else {
      mine.add(value);
    }
    const path = paths.get(object);
    const readAt = key === undefined ? undefined : reads.get(object)?.get(key);
    note(readAt === undefined ? "set" : "get-then-set", key === undefined ? path : show(path, key), via, value, readAt);
  }

  function noteValue(object, key, via) {
    const path = paths.get(object);
    if (written[path] !== undefined || writtenCount >= MOST_VALUES) return;
    writtenCount += 1;
    written[path] = { run, kind: "value", path: key === undefined ? path : show(path, key), via, what: "value", writeAt: stack() };
  }

  function note(kind, path, via, value, readAt) {
    if (events.length >= MOST_EVENTS) return;
    const what = typeof value === "function" ? "function" : Array.isArray(value) ? "array" : "object";
    events[events.length] = { run, kind, path, via, what, readAt, writeAt: stack() };
  }

  /** Whether an object is one of a class of the language's, of whichever realm. */
  function brandOf(of) {
    const has = uncurry(of.prototype.has);
    return (object) => {
      try {
        has(object);
        return true;
      } catch {
        return false;
      }
    };
  }
  const { isArray } = Array;
  const textOf = uncurry(Function.prototype.toString);

  // The language's own functions that keep an argument in their receiver: which arguments, or all of them; and what the receiver is.
  const keeping = [
    [Array, "push", "all", isArray], [Array, "unshift", "all", isArray], [Array, "splice", "all", isArray], [Array, "fill", [0], isArray],
    [Map, "set", [0, 1], brandOf(Map)], [Set, "add", [0], brandOf(Set)], [WeakMap, "set", [1], brandOf(WeakMap)],
  ];
  const keepers = new Map(keeping.map(([of, name, keeps]) => [of.prototype[name], keeps]));

  /** Which arguments a function keeps in its receiver: what a run has made has the methods of that run's realm. */
  function kept(method, receiver) {
    if (keepers.has(method)) return keepers.get(method);
    if (!isReference(receiver)) return undefined;
    const name = R.getOwnPropertyDescriptor(method, "name")?.value;
    for (let i = 0; i < keeping.length; i++) {
      if (keeping[i][1] === name && keeping[i][3](receiver) && endsWith(textOf(method), "[native code]\n}")) return keeping[i][2];
    }
  }
  // Those that keep nothing: what they are handed is used and let go.
  const harmless = new Set();
  for (const prototype of [Array.prototype, Map.prototype, Set.prototype, String.prototype, Object.prototype, Function.prototype]) {
    for (const key of R.ownKeys(prototype)) {
      const { value } = R.getOwnPropertyDescriptor(prototype, key);
      if (typeof value === "function" && !keepers.has(value)) harmless.add(value);
    }
  }

  const descriptor = (object, key) => {
    for (let holder = object; holder !== null; holder = R.getPrototypeOf(holder)) {
      const own = R.getOwnPropertyDescriptor(holder, key);
      if (own !== undefined) return own;
    }
  };

  function shadowOf(object) {
    if (typeof object !== "function") return Array.isArray(object) ? [] : {};
    const shadow = isConstructor(object) ? function () {} : () => {};
    for (const key of R.ownKeys(shadow)) R.deleteProperty(shadow, key);
    return shadow;
  }

  function isConstructor(value) {
    try {
      R.construct(Object, [], value);
      return true;
    } catch {
      return false;
    }
  }

  function wrapDescriptor(own, path) {
    const wrapped = { ...own };
    for (const part of ["value", "get", "set"]) if (part in wrapped) wrapped[part] = wrap(wrapped[part], path);
    return wrapped;
  }

  /** What the shadow must have for the invariants to hold: what cannot be configured, or all of what cannot be extended. */
  function sync(object, shadow, path) {
    const fixed = !R.isExtensible(object);
    for (const key of R.ownKeys(object)) {
      const own = R.getOwnPropertyDescriptor(object, key);
      if (fixed || !own.configurable) R.defineProperty(shadow, key, wrapDescriptor(own, show(path, key)));
    }
  }

  function hasAccessor(object) {
    for (const key of R.ownKeys(object)) if (!("value" in R.getOwnPropertyDescriptor(object, key))) return true;
    return false;
  }

  /** Has the shadow have what the object has. */
  function mirror(object, shadow, path) {
    for (const key of R.ownKeys(shadow)) if (R.getOwnPropertyDescriptor(object, key) === undefined) R.deleteProperty(shadow, key);
    for (const key of R.ownKeys(object)) {
      R.defineProperty(shadow, key, wrapDescriptor(R.getOwnPropertyDescriptor(object, key), show(path, key)));
    }
  }

  function wrap(object, path) {
    if (!isReference(object) || real.has(object) || mine.has(object)) return object;
    const known = proxies.get(object);
    if (known !== undefined) return known;
    if (!paths.has(object)) paths.set(object, path);
    path = paths.get(object);
    const shadow = shadowOf(object);
    const describe = (_, key) => {
      noteRead(object, key);
      const own = R.getOwnPropertyDescriptor(object, key);
      if (own === undefined) return undefined;
      const wrapped = wrapDescriptor(own, show(path, key));
      if (!own.configurable) R.defineProperty(shadow, key, wrapped);
      return wrapped;
    };
    const proxy = new Proxy(shadow, {
      get(_, key, receiver) {
        noteRead(object, key);
        const fixed = R.getOwnPropertyDescriptor(shadow, key);
        if (fixed !== undefined && !fixed.configurable && "value" in fixed && !fixed.writable) return fixed.value;
        const found = descriptor(object, key);
        if (found === undefined) return undefined;
        // A getter sees the real object, unless something inherits from the proxy.
        const value = "value" in found ? found.value : found.get && R.apply(found.get, receiver === proxy ? object : receiver, []);
        return wrap(value, show(path, key));
      },
      set(_, key, value, receiver) {
        // Of an object that inherits from the proxy it is the run's own.
        if (receiver !== proxy && unwrap(receiver) !== object) {
          const found = descriptor(object, key);
          if (found === undefined || "value" in found) {
            return R.defineProperty(receiver, key, { value, writable: true, enumerable: true, configurable: true });
          }
          return found.set !== undefined && (R.apply(found.set, receiver, [value]), true);
        }
        noteWrite(object, key, value, "assignment");
        return R.set(object, key, unwrap(value), object);
      },
      has: (_, key) => R.has(object, key),
      deleteProperty(_, key) {
        return R.deleteProperty(object, key) && (R.deleteProperty(shadow, key), true);
      },
      ownKeys() {
        sync(object, shadow, path);
        return R.ownKeys(object);
      },
      // The engine takes an accessor that this trap gives for a value. Without the trap it asks the shadow.
      get getOwnPropertyDescriptor() {
        if (!hasAccessor(object)) return describe;
        const at = stack();
        for (const key of R.ownKeys(object)) noteRead(object, key, at);
        mirror(object, shadow, path);
      },
      defineProperty(_, key, property) {
        const unwrapped = { ...property };
        for (const part of ["value", "get", "set"]) {
          if (!(part in property)) continue;
          noteWrite(object, key, property[part], part === "value" ? "defineProperty" : `a ${part}ter`);
          unwrapped[part] = unwrap(property[part]);
        }
        const done = R.defineProperty(object, key, unwrapped);
        const own = done && R.getOwnPropertyDescriptor(object, key);
        if (own && !own.configurable) R.defineProperty(shadow, key, wrapDescriptor(own, show(path, key)));
        return done;
      },
      getPrototypeOf() {
        const prototype = R.getPrototypeOf(object);
        return R.isExtensible(shadow) ? wrap(prototype, `${path}.__proto__`) : R.getPrototypeOf(shadow);
      },
      setPrototypeOf(_, prototype) {
        noteWrite(object, "__proto__", prototype, "setPrototypeOf");
        return R.setPrototypeOf(object, unwrap(prototype));
      },
      isExtensible() {
        if (R.isExtensible(object)) return true;
        seal(object, shadow, path);
        return false;
      },
      preventExtensions() {
        return R.preventExtensions(object) && seal(object, shadow, path);
      },
      apply(_, self, values) {
        const receiver = unwrap(self);
        const keeps = kept(object, receiver);
        for (let i = 0; i < values.length; i++) {
          if (keeps !== undefined) {
            if (isReference(receiver) && isShared(receiver) && (keeps === "all" || keeps.includes(i))) noteWrite(receiver, undefined, values[i], `${object.name}()`);
          } else if (!harmless.has(object) && isReference(values[i]) && !real.has(values[i]) && !isShared(values[i])) {
            mine.add(values[i]);
            note("passed", path, `argument ${i + 1}`, values[i], undefined);
          } else if (!harmless.has(object) && !isReference(values[i])) {
            noteValue(object, undefined, `argument ${i + 1}`);
          }
        }
        return wrapMade(R.apply(object, receiver, values.map(unwrap)), `${path}()`);
      },
      construct(_, values, target) {
        for (let i = 0; i < values.length; i++) {
          if (isReference(values[i]) && !real.has(values[i]) && !isShared(values[i])) {
            mine.add(values[i]);
            note("passed", `new ${path}`, `argument ${i + 1}`, values[i], undefined);
          }
        }
        const instance = R.construct(object, values.map(unwrap), unwrap(target));
        // What is made of the app's own subclass is the app's, and the constructor has had it.
        if (target !== proxy) note("passed", `new ${path}`, "this", instance, undefined);
        return target === proxy ? wrapMade(instance, `new ${path}`) : instance;
      },
    });
    proxies.set(object, proxy);
    real.set(proxy, object);
    return proxy;
  }

  function wrapMade(object, path) {
    if (isReference(object) && !real.has(object) && !isShared(object)) made.add(object);
    return wrap(object, path);
  }

  function seal(object, shadow, path) {
    if (!R.isExtensible(shadow)) return true;
    sync(object, shadow, path);
    R.setPrototypeOf(shadow, wrap(R.getPrototypeOf(object), `${path}.__proto__`));
    return R.preventExtensions(shadow);
  }

  return {
    wrap,
    /** A run begins: what the ones before have read does not count for it. */
    begin(number) {
      run = number;
      reads = new Map();
      mine = new WeakSet();
      made = new WeakSet();
      for (let i = 0; i < events.length; i++) older[events[i].path] = events[i];
      events = [];
    },
    /** What this run did, and before it what only those before have done. */
    events() {
      const all = [], now = { __proto__: null };
      for (let i = 0; i < events.length; i++) now[events[i].path] = true;
      const paths = R.ownKeys(older);
      for (let i = 0; i < paths.length; i++) if (!now[paths[i]]) all[all.length] = older[paths[i]];
      for (let i = 0; i < events.length; i++) all[all.length] = events[i];
      const owners = R.ownKeys(written);
      for (let i = 0; i < owners.length; i++) all[all.length] = written[owners[i]];
      return all;
    },
  };
}
