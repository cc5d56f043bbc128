// What the leak lab does inside the heap, in the first realm. It gives each run's realm the platform's globals, and sees to what of
// them is shared: what `options.share` names is handed over as it is, or, where the accesses are watched, behind a membrane; the
// rest is put back after each run to what it was before the first, as if each run had had its own.
//
// Everything that it calls was taken before any code of the app's ran, which may patch what the realms share.
(hooks, options) => {
  const { getOwnPropertyDescriptor, defineProperty, deleteProperty, ownKeys, getPrototypeOf, setPrototypeOf, isExtensible, apply } = Reflect;
  const { is, create } = Object;
  const { isView } = ArrayBuffer;
  const isReference = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  // ─── What a realm gets ────────────────────────────────────────────────────────────────────────────────────────────

  /** The platform's globals, and those of the engine's own of which the platform has better ones. */
  const platform = ownKeys(globalThis);
  const better = { __proto__: null, performance: true, atob: true, btoa: true, DOMException: true };
  /** Names by which an app calls its global object. */
  const itself = { __proto__: null, globalThis: true, self: true, global: true, window: true };
  const listening = ["addEventListener", "removeEventListener", "dispatchEvent"];
  const TypedArray = getPrototypeOf(Uint8Array);
  /** What the platform has put in the place of the engine's own: how to get there from a global object, and the names. */
  const localized = [
    [(global) => global.Array.prototype, Array.prototype, ["toLocaleString"]],
    [(global) => getPrototypeOf(global.Uint8Array).prototype, TypedArray.prototype, ["toLocaleString"]],
    [(global) => global.String.prototype, String.prototype, ["localeCompare", "toLocaleUpperCase", "toLocaleLowerCase"]],
    [(global) => global.Number.prototype, Number.prototype, ["toLocaleString"]],
    [(global) => global.BigInt.prototype, BigInt.prototype, ["toLocaleString"]],
    [(global) => global.Date.prototype, Date.prototype, ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]],
    [(global) => global.Math, Math, ["random"]],
  ];

  /** What this run has had the global object listen by. */
  const listeners = [];
  const removeListener = EventTarget.prototype.removeEventListener;

  const shared = { __proto__: null };
  for (let i = 0; i < options.share.length; i++) shared[options.share[i]] = true;

  function furnish(global) {
    for (let i = 0; i < platform.length; i++) {
      const name = platform[i];
      // What has a symbol is the platform's own knowledge of its global object.
      if (typeof name === "symbol" || itself[name] || shared[name]) continue;
      if (getOwnPropertyDescriptor(global, name) !== undefined && !better[name]) continue;
      const property = getOwnPropertyDescriptor(globalThis, name);
      if (property !== undefined) defineProperty(global, name, property);
    }
    for (let i = 0; i < listening.length; i++) {
      const method = EventTarget.prototype[listening[i]];
      const isAdding = listening[i] === "addEventListener";
      // Called without an object it is the global object that is meant. The first realm's is told what nothing catches, so the
      // listeners of all are there: each run's as long as it goes on.
      const value = function (...values) {
        const self = this === undefined || this === global ? globalThis : this;
        if (isAdding && self === globalThis) listeners[listeners.length] = values;
        return apply(method, self, values);
      };
      defineProperty(global, listening[i], { value, writable: true, configurable: true, enumerable: true });
    }
    for (const name of ["self", "global"]) {
      defineProperty(global, name, { value: global, writable: true, configurable: true, enumerable: false });
    }
    for (let i = 0; i < localized.length; i++) {
      const [find, from, names] = localized[i];
      const to = find(global);
      for (let n = 0; n < names.length; n++) defineProperty(to, names[n], getOwnPropertyDescriptor(from, names[n]));
    }
    hooks.setEventTarget(global);
    for (let i = 0; i < options.share.length; i++) {
      const name = options.share[i];
      const value = globalThis[name];
      if (value === undefined) throw new ReferenceError(`there is no global ${name} to share`);
      const handed = watch === undefined ? value : watch.wrap(value, name);
      defineProperty(global, name, { value: handed, writable: true, configurable: true, enumerable: false });
    }
  }

  // ─── What is put back ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The objects that are put back, with what each was: [object, path, keys, descriptors, prototype]. */
  let kept;

  /** All objects that are reached from these by properties and prototypes, without those of `without`. */
  function reachable(roots, without) {
    const seen = new Map();
    const queue = [];
    const add = (value, path) => {
      if (!isReference(value) || value === globalThis || seen.has(value) || without.has(value)) return;
      seen.set(value, path);
      queue[queue.length] = value;
    };
    for (let i = 0; i < roots.length; i++) add(roots[i][1], roots[i][0]);
    for (let i = 0; i < queue.length; i++) {
      const object = queue[i];
      const path = seen.get(object);
      add(getPrototypeOf(object), `${path}.__proto__`);
      // Numbers lead nowhere, and a buffer may have millions.
      if (isView(object)) continue;
      const keys = ownKeys(object);
      for (let k = 0; k < keys.length; k++) {
        const property = getOwnPropertyDescriptor(object, keys[k]);
        add(property.value, show(path, keys[k]));
        add(property.get, `get ${show(path, keys[k])}`);
        add(property.set, `set ${show(path, keys[k])}`);
      }
    }
    return seen;
  }

  function keep() {
    const none = new Map();
    const sharedRoots = [], otherRoots = [];
    for (let i = 0; i < options.share.length; i++) sharedRoots[i] = [options.share[i], globalThis[options.share[i]]];
    for (let i = 0; i < platform.length; i++) {
      const name = platform[i];
      if (typeof name === "symbol" || shared[name] || itself[name]) continue;
      const property = getOwnPropertyDescriptor(globalThis, name);
      // The engine's own each realm has for itself.
      if (property === undefined || (intrinsic.has(name) && !better[name])) continue;
      otherRoots[otherRoots.length] = [String(name), property.get === undefined ? property.value : globalThis[name]];
    }
    const ours = reachable(sharedRoots, none);
    kept = [];
    for (const [object, path] of reachable(otherRoots, ours)) {
      const keys = ownKeys(object);
      const properties = [];
      for (let k = 0; k < keys.length; k++) properties[k] = getOwnPropertyDescriptor(object, keys[k]);
      kept[kept.length] = [object, path, keys, properties, getPrototypeOf(object)];
    }
  }

  const isSame = (a, b) => a !== undefined && is(a.value, b.value) && a.get === b.get && a.set === b.set &&
    a.writable === b.writable && a.enumerable === b.enumerable && a.configurable === b.configurable;

  const putBack = { __proto__: null };

  function restore() {
    for (let i = 0; i < listeners.length; i++) {
      try {
        apply(removeListener, globalThis, listeners[i]);
      } catch {}
    }
    listeners.length = 0;
    for (let i = 0; i < kept.length; i++) {
      const [object, path, keys, properties, prototype] = kept[i];
      const now = ownKeys(object);
      if (now.length !== keys.length) {
        for (let k = 0; k < now.length; k++) {
          if (indexOf(keys, now[k]) < 0 && deleteProperty(object, now[k])) putBack[show(path, now[k])] = true;
        }
      }
      for (let k = 0; k < keys.length; k++) {
        if (isSame(getOwnPropertyDescriptor(object, keys[k]), properties[k])) continue;
        try {
          if (defineProperty(object, keys[k], properties[k])) putBack[show(path, keys[k])] = true;
        } catch {}
      }
      if (getPrototypeOf(object) !== prototype && setPrototypeOf(object, prototype)) putBack[`${path}.__proto__`] = true;
    }
  }

  /** The platform's globals, named as the heap names them. */
  const named = [];
  for (let i = 0; i < platform.length; i++) {
    named[i] = typeof platform[i] === "symbol" ? `<symbol ${platform[i].description ?? ""}>` : platform[i];
  }

  function indexOf(list, value) {
    for (let i = 0; i < list.length; i++) if (list[i] === value) return i;
    return -1;
  }

  /** A property in the notation of the language. */
  function show(path, key) {
    if (typeof key === "symbol") return `${path}[${String(key)}]`;
    if (identifier(key)) return `${path}.${key}`;
    return index(key) ? `${path}[${key}]` : `${path}[${JSON.stringify(key)}]`;
  }
  const test = RegExp.prototype.test;
  const identifier = (key) => apply(test, /^[A-Za-z_$][\w$]*$/, [key]);
  const index = (key) => apply(test, /^(0|[1-9]\d*)$/, [key]);

  /** The names of the globals that a realm has before it is furnished. */
  let intrinsic;

  // ─── Where the app is ─────────────────────────────────────────────────────────────────────────────────────────────

  const prepare = getOwnPropertyDescriptor(Error, "prepareStackTrace");
  const { split, startsWith, endsWith } = String.prototype;

  /** The stack as the engine writes it, where the app has written `prepareStackTrace` of a shared `Error`. */
  function stackText() {
    const prepares = apply(prepare.get, Error, []);
    apply(prepare.set, Error, [undefined]);
    const text = new Error().stack;
    apply(prepare.set, Error, [prepares]);
    return text;
  }

  /** Where the app is now. Own code is in no stack. */
  function stack() {
    const lines = apply(split, stackText(), ["\n"]);
    let frames = "";
    for (let i = 1; i < lines.length; i++) {
      if (apply(startsWith, lines[i], ["    at "]) && !apply(endsWith, lines[i], ["(native)"])) frames += `${lines[i]}\n`;
    }
    return frames;
  }

  // ─── What is watched ──────────────────────────────────────────────────────────────────────────────────────────────

  const watch = options.watch ? makeWatch({ show, isReference, stack }) : undefined;

  //@ watch.js

  // ─── What goes on after the page ──────────────────────────────────────────────────────────────────────────────────

  const after = makeAfter({ hooks, stack });

  //@ after.js

  const { left } = hooks;
  // The ports and blobs of a run that is not over yet are not forgotten.
  hooks.left = () => {
    if (isOver()) left();
  };
  const isOver = () => isAfter || !after.waits();

  let run = 0;
  /** Whether the page of the run is there, and what it has left to do is yet to be done, or is being done. */
  let isAfter = false;
  /** Whether it is to be said of a visit that has ended if there is to be another one, and no more. */
  let isFresh = false;
  return {
    enter(global) {
      if (isAfter) {
        global.render = after.goOn;
        return;
      }
      run += 1;
      if (intrinsic === undefined) {
        intrinsic = new Set();
        const names = ownKeys(global);
        for (let i = 0; i < names.length; i++) intrinsic.add(names[i]);
        keep();
      }
      // What the server's own code has set is no run's.
      if (run === 1) after.end();
      watch?.begin(run);
      furnish(global);
    },
    leave() {
      isAfter = !isOver();
      isFresh = true;
      if (isAfter) return;
      after.end();
      restore();
    },
    report() {
      if (isFresh) {
        isFresh = false;
        return JSON.stringify({ waits: isAfter });
      }
      const events = watch === undefined ? [] : watch.events();
      return JSON.stringify({ putBack: ownKeys(putBack), platform: named, pending: after.pending(), events });
    },
  };
}
