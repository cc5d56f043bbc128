// G11: pollution of every intrinsic. In a server whose realms are shared, one write to a prototype is everybody's; here the next
// render has to find the world as the bundle has it. Each attack first sees that it does, by a digest of all that can be reached.
const { getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf, isFrozen } = Object;
const { apply, defineProperty, ownKeys, deleteProperty } = Reflect;
const text = Function.prototype.toString;
/** All objects that can be reached from the globals, by their descriptors and prototypes: no getter is called. */
function walk(visit) {
  const seen = new Set([globalThis]);
  const list = [globalThis];
  for (let i = 0; i < list.length; i++) {
    const object = list[i];
    const found = [getPrototypeOf(object)];
    for (const name of ownKeys(object)) {
      const property = getOwnPropertyDescriptor(object, name);
      visit(object, name, property);
      found.push(property.value, property.get, property.set);
    }
    for (const next of found) {
      const isObject = (typeof next === "object" && next !== null) || typeof next === "function";
      if (isObject && !seen.has(next)) (seen.add(next), list.push(next));
    }
  }
  return list;
}
/** One number of all of it. */
function digest() {
  let sum = 17;
  const add = (word) => {
    for (let i = 0; i < word.length; i++) sum = (Math.imul(sum, 31) + word.charCodeAt(i)) | 0;
  };
  const list = walk((_, name, { value, writable, enumerable, configurable, get, set }) => {
    const shown =
      typeof value === "function" ? apply(text, value, []) : Object(value) === value ? typeof value : String(value);
    add(`${String(name)}:${shown}:${writable}${enumerable}${configurable}${typeof get}${typeof set}`);
  });
  return `${list.length} objects, ${sum}`;
}
/** What each render finds: the first one's, as the module left it. */
let clean;
const isClean = () => {
  const now = digest();
  return clean === undefined || clean === now ? "held" : `${now} instead of ${clean}`;
};
const mine = function () {
  return "polluted";
};
/** Runs it in a world that is clean, and gives whether the answer still comes. */
const pollutes = (pollute) => ({
  ends: ["ok", "app-threw"],
  times: 5,
  run() {
    const found = isClean();
    if (found !== "held") return found;
    pollute();
    return "held";
  },
});
const intrinsics = () => walk(() => {}).filter((object) => object !== globalThis);
const attacks = {
  "nothing, to see that the world is new": { ends: ["ok"], times: 20, run: isClean },
  "a name on every object": pollutes(() => {
    for (const object of intrinsics()) {
      try {
        object.polluted = mine;
      } catch {}
    }
  }),
  "every function in its place": pollutes(() => {
    for (const object of intrinsics()) {
      for (const name of ownKeys(object)) {
        const property = getOwnPropertyDescriptor(object, name);
        if (typeof property?.value === "function" && property.writable) {
          try {
            object[name] = mine;
          } catch {}
        }
      }
    }
  }),
  "every accessor in its place": pollutes(() => {
    for (const object of intrinsics()) {
      for (const name of ownKeys(object)) {
        const property = getOwnPropertyDescriptor(object, name);
        if (property?.get && property.configurable) defineProperty(object, name, { get: mine, set: mine });
      }
    }
  }),
  "everything that can be deleted": pollutes(() => {
    const list = intrinsics();
    for (const object of list) for (const name of ownKeys(object)) deleteProperty(object, name);
  }),
  "every prototype": pollutes(() => {
    for (const object of intrinsics()) {
      try {
        setPrototypeOf(object, null);
      } catch {}
    }
  }),
  "every object, frozen": pollutes(() => {
    for (const object of intrinsics()) {
      try {
        Object.freeze(object);
      } catch {}
    }
    if (!isFrozen(Array.prototype)) throw new Error("Array.prototype is not frozen");
  }),
  "every global": pollutes(() => {
    for (const name of ownKeys(globalThis)) {
      try {
        globalThis[name] = mine;
      } catch {}
    }
  }),
  "setters on Object.prototype for all that a host may read": pollutes(() => {
    for (const name of [
      "then", "status", "headers", "body", "url", "method", "name", "message", "stack", "cause", "value", "done", "get",
      "set", "length", "0",
    ]) {
      defineProperty(Object.prototype, name, { get: mine, set: mine, configurable: true });
    }
  }),
  "then on every prototype": pollutes(() => {
    Object.prototype.then = function (resolve) {
      delete Object.prototype.then;
      resolve("polluted");
    };
  }),
  iteration: pollutes(() => {
    Array.prototype[Symbol.iterator] = mine;
    getPrototypeOf([][Symbol.iterator] ?? {}).next = mine;
    getPrototypeOf(new Map().entries()).next = mine;
    String.prototype[Symbol.iterator] = mine;
  }),
  promises: {
    ends: ["ok", "app-threw", "app-unsettled"],
    times: 5,
    run: pollutes(() => {
      Promise.prototype.then = mine;
      Promise.prototype.constructor = mine;
      Promise.resolve = mine;
      defineProperty(Promise, Symbol.species, { value: mine });
    }).run,
  },
  "the classes of the web": pollutes(() => {
    for (const Class of [Response, Request, Headers, ReadableStream, URL, URLSearchParams, TextEncoder, Uint8Array]) {
      for (const name of ownKeys(Class.prototype)) {
        if (name !== "constructor") defineProperty(Class.prototype, name, { value: mine, configurable: true });
      }
    }
  }),
};
// The world as it is before any attack: what a render finds has to be the same.
clean = digest();
