// `node:timers`, and the globals of those names. As in Node and Bun a timer is an object, which servers' code asks for `unref()`;
// where a number is wanted it is its number, and what clears a timer takes either.
import { invalid } from "./invalid.js";

const native = (({ clearImmediate, clearTimeout, setImmediate, setInterval, setTimeout }) =>
  ({ clearImmediate, clearTimeout, setImmediate, setInterval, setTimeout }))(globalThis);
const custom = Symbol.for("nodejs.util.promisify.custom");

/** As in Node they are properties, and not private: those cost more than what they are for. */
const idOf = Symbol("id");
const isReferenced = Symbol("refed");
const starter = Symbol("start");

/** What both have. */
class Timer {
  /** There is no process to stay alive: it changes what `hasRef` says, and no more. */
  ref() {
    this[isReferenced] = true;
    return this;
  }

  unref() {
    this[isReferenced] = false;
    return this;
  }

  hasRef() {
    return this[isReferenced];
  }

  [Symbol.toPrimitive]() {
    return this[idOf];
  }
}

class Timeout {
  constructor(id, start, callback, delay, values) {
    this._onTimeout = callback;
    this._idleTimeout = delay;
    this._timerArgs = values;
    this._destroyed = false;
    this[idOf] = id;
    this[isReferenced] = true;
    this[starter] = start;
  }

  /** Begins anew, even if it has ended; not if it was cleared. */
  refresh() {
    if (!this._destroyed) {
      native.clearTimeout(this[idOf]);
      this[idOf] = this[starter](this._onTimeout, this._idleTimeout, ...this._timerArgs);
    }
    return this;
  }

  close() {
    native.clearTimeout(this[idOf]);
    this._destroyed = true;
    return this;
  }

  [Symbol.dispose]() {
    this.close();
  }
}

class Immediate {
  constructor(id) {
    this[idOf] = id;
    this[isReferenced] = true;
  }

  [Symbol.dispose]() {
    native.clearImmediate(this[idOf]);
  }
}

// Not by `extends`, as a call of `super` for each timer costs more than what it is for.
for (const { prototype } of [Timeout, Immediate]) Object.setPrototypeOf(prototype, Timer.prototype);

function clearTimer(timer) {
  if (timer instanceof Timeout) timer.close();
  else native.clearTimeout(timer);
}

// The standard counts one parameter that must be there. As methods, which are no constructors.
const globals = {
  setTimeout(callback, delay = undefined, ...values) {
    const id = values.length === 0 ? native.setTimeout(callback, delay) : native.setTimeout(callback, delay, ...values);
    return new Timeout(id, native.setTimeout, callback, delay, values);
  },
  setInterval(callback, delay = undefined, ...values) {
    const id = values.length === 0 ? native.setInterval(callback, delay) : native.setInterval(callback, delay, ...values);
    return new Timeout(id, native.setInterval, callback, delay, values);
  },
  setImmediate(callback, ...values) {
    return new Immediate(values.length === 0 ? native.setImmediate(callback) : native.setImmediate(callback, ...values));
  },
  clearTimeout(timer) {
    clearTimer(timer);
  },
  clearInterval(timer) {
    clearTimer(timer);
  },
  clearImmediate(immediate) {
    native.clearImmediate(immediate instanceof Immediate ? immediate[idOf] : immediate);
  },
};
const { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = globals;
Object.assign(globalThis, globals);

/** Those of `node:timers`, which take no text for code. */
const ofNode = Object.fromEntries([setTimeout, setInterval, setImmediate].map((set) => [set.name, {
  [set.name](callback, ...values) {
    if (typeof callback !== "function") throw invalid("callback", "of type function", callback);
    return set(callback, ...values);
  },
}[set.name]]));

function abortion(signal) {
  return Object.assign(new Error("The operation was aborted", { cause: signal.reason }), { name: "AbortError", code: "ABORT_ERR" });
}

/** A promise that `start` sees to, and that a signal ends before: `start` gives what stops it. */
function abortable(signal, start) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortion(signal));
    const abort = () => {
      stop();
      reject(abortion(signal));
    };
    const stop = start((value) => {
      signal?.removeEventListener("abort", abort);
      resolve(value);
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

const promises = {
  setTimeout: (delay, value, { signal } = {}) => abortable(signal, (done) => {
    const id = native.setTimeout(done, delay, value);
    return () => native.clearTimeout(id);
  }),
  setImmediate: (value, { signal } = {}) => abortable(signal, (done) => {
    const id = native.setImmediate(done, value);
    return () => native.clearImmediate(id);
  }),
  async *setInterval(delay, value, options) {
    for (;;) yield await promises.setTimeout(delay, value, options);
  },
  scheduler: { wait: (delay, options) => promises.setTimeout(delay, undefined, options), yield: () => promises.setImmediate() },
};
for (const { setTimeout, setImmediate } of [globals, ofNode]) {
  Object.defineProperty(setTimeout, custom, { value: promises.setTimeout, enumerable: true });
  Object.defineProperty(setImmediate, custom, { value: promises.setImmediate, enumerable: true });
}

export default { clearImmediate, clearInterval, clearTimeout, promises, ...ofNode };
