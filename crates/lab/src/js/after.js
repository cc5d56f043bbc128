// What a run does after its page: the timers and immediates that wait when the page is there, and those that they set in turn.
//
// The guest drops what waits when a visit ends. So what is set is noted, and a visit of the lab's own, to a realm beside the run's,
// sets it again and waits until it has been called, by the guest's clock. What would go on for ever is ended, and told.
function makeAfter({ hooks, stack }) {
  /** How often an interval is called after the page, and how many timers may follow one from another. */
  const MOST_TURNS = 10;
  /** How many calls there may be, and within how many milliseconds: time is scripted, and an hour of it is over at once. */
  const MOST_CALLS = 1000, LONGEST = 3_600_000;
  /** How many places are told of. */
  const MOST_PENDING = 100;

  const { AbortController, AbortSignal, DOMException, Promise, clearImmediate, clearTimeout, setImmediate, setInterval, setTimeout } = globalThis;
  const { now } = Date;
  const { AsyncLocalStorage } = hooks.importable("async_hooks");

  /** What is still to be called, by the timer that the app has, in the order in which it was set. */
  const waiting = new Map();
  /** What was not called any more when its run was over, by what it was set by, and where. */
  const pending = new Map();
  let isAfter = false, calls = 0;
  /** How many timers have followed one from another up to what is being called. */
  let turn = 0;
  /** Goes on with who waits for a call. */
  let wake;

  function start(entry, delay) {
    const call = () => fire(entry);
    return entry.isImmediate ? setImmediate(call) : entry.repeats ? setInterval(call, delay) : setTimeout(call, delay);
  }

  function stop({ isImmediate }, timer) {
    if (isImmediate) clearImmediate(timer);
    else clearTimeout(timer);
  }

  function fire(entry) {
    if (isAfter) {
      calls += 1;
      entry.turn += 1;
      turn = entry.turn;
    }
    entry.due += entry.delay;
    if (!entry.repeats) {
      waiting.delete(entry.timer);
    } else if (entry.turn >= MOST_TURNS || calls >= MOST_CALLS) {
      end(entry);
      tell(entry);
    }
    wake?.();
    // It was ended by a method of its own, which knows nothing of its second start.
    if (isAfter && entry.timer._destroyed) return end(entry);
    return entry.callback(...entry.values);
  }

  function end(entry) {
    waiting.delete(entry.timer);
    stop(entry, entry.timer);
    if (entry.again !== undefined) stop(entry, entry.again);
    wake?.();
  }

  function tell({ by, at }) {
    const key = `${by} ${at}`;
    if (pending.size < MOST_PENDING && !pending.has(key)) pending.set(key, { by, setAt: at });
  }

  function add(by, isImmediate, repeats, callback, delay, values) {
    const entry = { by, at: stack(), isImmediate, repeats, callback, delay, values, turn, due: now() + delay, within: undefined, timer: undefined, again: undefined };
    entry.within = AsyncLocalStorage.snapshot();
    entry.timer = start(entry, delay);
    if (turn >= MOST_TURNS || calls >= MOST_CALLS) {
      stop(entry, entry.timer);
      tell(entry);
    } else {
      waiting.set(entry.timer, entry);
    }
    return entry.timer;
  }

  /** A delay as Node has it. */
  function bounded(delay) {
    const number = +delay;
    return number >= 1 && number <= 2 ** 31 - 1 ? number : 1;
  }

  /** The entry of what the app calls a timer: the object, or its number. */
  function find(timer, isImmediate) {
    const found = waiting.get(timer);
    if (found !== undefined) return found.isImmediate === isImmediate ? found : undefined;
    if (typeof timer !== "number" && typeof timer !== "string") return undefined;
    for (const entry of waiting.values()) if (entry.isImmediate === isImmediate && +entry.timer === +timer) return entry;
  }

  function clear(timer, isImmediate) {
    const entry = find(timer, isImmediate);
    if (entry !== undefined) end(entry);
    else stop({ isImmediate }, timer);
  }

  // A text for code, and what is none, is left to the platform's.
  const isCode = (callback) => typeof callback === "function";
  const ours = {
    setTimeout: (callback, delay = undefined, ...values) =>
      isCode(callback) ? add("setTimeout()", false, false, callback, bounded(delay), values) : setTimeout(callback, delay, ...values),
    setInterval: (callback, delay = undefined, ...values) =>
      isCode(callback) ? add("setInterval()", false, true, callback, bounded(delay), values) : setInterval(callback, delay, ...values),
    setImmediate: (callback, ...values) =>
      isCode(callback) ? add("setImmediate()", true, false, callback, 0, values) : setImmediate(callback, ...values),
    clearTimeout: (timer) => clear(timer, false),
    clearInterval: (timer) => clear(timer, false),
    clearImmediate: (timer) => clear(timer, true),
  };

  /** A promise of Node's of a value, that `set` settles and a signal ends before that: `otherwise` gives what Node gives then. */
  function promised(value, signal, set, clear, otherwise) {
    if (signal?.aborted) return otherwise();
    return new Promise((resolve) => {
      const abort = () => {
        clear(timer);
        resolve(otherwise());
      };
      const timer = set(() => {
        signal?.removeEventListener("abort", abort);
        resolve(value);
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
  const timers = hooks.importable("timers").default;
  const { promises } = timers;
  const [timeout, immediate] = [promises.setTimeout, promises.setImmediate];
  promises.setTimeout = (delay, value, options) =>
    promised(value, options?.signal, (done) => ours.setTimeout(done, delay), ours.clearTimeout, () => timeout(delay, value, options));
  promises.setImmediate = (value, options) =>
    promised(value, options?.signal, ours.setImmediate, ours.clearImmediate, () => immediate(value, options));

  // As the platform has them: the globals, and Node's module, which takes no text. What `util.promisify` puts on them is there before it.
  const custom = Symbol.for("nodejs.util.promisify.custom");
  for (const value of [promises.setTimeout, promises.setImmediate]) Object.defineProperty(value, custom, { value, configurable: true });
  for (const name of Object.keys(ours)) {
    const ofNode = timers[name];
    const setOfNode = (callback, ...values) => isCode(callback) ? ours[name](callback, ...values) : ofNode(callback, ...values);
    globalThis[name] = ours[name];
    timers[name] = name.startsWith("set") ? setOfNode : ours[name];
    for (const value of [globalThis[name], timers[name]]) {
      Object.defineProperty(value, "name", { value: name, configurable: true });
      if (ofNode[custom] !== undefined) Object.defineProperty(value, custom, { value: promises[name], enumerable: true });
    }
  }

  const { timeout: afterTime } = AbortSignal;
  AbortSignal.timeout = function timeout(delay) {
    if (typeof delay !== "number" || !(delay >= 0 && delay <= LONGEST)) return afterTime.call(AbortSignal, delay);
    const controller = new AbortController();
    add("AbortSignal.timeout()", false, false, () => controller.abort(new DOMException("Signal timed out.", "TimeoutError")), bounded(delay), []);
    return controller.signal;
  };

  return {
    /** Whether the run has left something to do. */
    waits: () => waiting.size > 0,
    /** Does it. */
    async goOn() {
      isAfter = true;
      turn = calls = 0;
      let isOver = false;
      // There is always something to wait for so.
      const last = setTimeout(() => {
        isOver = true;
        wake?.();
      }, LONGEST);
      for (const entry of [...waiting.values()]) {
        entry.turn = 0;
        if (entry.timer._destroyed) waiting.delete(entry.timer);
        else entry.within(() => entry.again = start(entry, entry.repeats ? entry.delay : entry.due - now()));
      }
      while (waiting.size > 0 && !isOver && calls < MOST_CALLS) {
        await new Promise((resolve) => wake = resolve);
        wake = undefined;
        // What the call has led to goes first.
        await new Promise((resolve) => setImmediate(resolve));
      }
      clearTimeout(last);
      return "";
    },
    /** A run is over. */
    end() {
      for (const entry of [...waiting.values()]) {
        end(entry);
        tell(entry);
      }
      isAfter = false;
      turn = calls = 0;
    },
    pending: () => [...pending.values()],
  };
}
