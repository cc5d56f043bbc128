// G01: loops that nothing inside can end. Each hides in a place where an engine calls back into the app or where the app might
// catch what ends it; a limit that JavaScript could swallow would leave a core spinning for ever.
const spin = () => {
  for (;;) {}
};
const attacks = {
  "for without an end": { ends: ["limit-cpu"], run: spin },
  "do with a condition that never fails": {
    ends: ["limit-cpu"],
    run() {
      let turn = 1;
      do turn = -turn;
      while (turn);
    },
  },
  "while in try and finally": {
    ends: ["limit-cpu"],
    run() {
      for (;;) {
        try {
          while (true) {}
        } finally {
          continue;
        }
      }
    },
  },
  "in the catch of what interrupts": {
    ends: ["limit-cpu"],
    run() {
      const again = () => {
        try {
          spin();
        } catch {
          again();
        } finally {
          again();
        }
      };
      again();
    },
  },
  "while in a getter": {
    ends: ["limit-cpu"],
    run: () =>
      ({
        get x() {
          while (true) {}
        },
      }).x,
  },
  "while in a setter": {
    ends: ["limit-cpu"],
    run: () =>
      Object.assign(
        {
          set x(_) {
            spin();
          },
        },
        { x: 1 },
      ),
  },
  "while in toString": { ends: ["limit-cpu"], run: () => `${{ toString: spin }}` },
  "while in valueOf": { ends: ["limit-cpu"], run: () => +{ valueOf: spin } },
  "while in Symbol.toPrimitive": { ends: ["limit-cpu"], run: () => new Date({ [Symbol.toPrimitive]: spin }) },
  "in the return of a generator": {
    ends: ["limit-cpu"],
    run() {
      const generator = (function* () {
        try {
          yield;
        } finally {
          spin();
        }
      })();
      generator.next();
      generator.return();
    },
  },
  "as an iterator is closed": {
    ends: ["limit-cpu"],
    run() {
      const [first] = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return: spin }) };
      return String(first);
    },
  },
  "an iterator without an end": {
    ends: ["limit-cpu"],
    run() {
      const numbers = { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) };
      for (const _ of numbers) continue;
    },
  },
  "as a resource is disposed of": {
    ends: ["limit-cpu"],
    run() {
      const stack = new DisposableStack();
      stack.defer(spin);
      stack.dispose();
    },
  },
  "in a trap of a proxy": { ends: ["limit-cpu"], run: () => "x" in new Proxy({}, { has: spin }) },
  "in a comparator": { ends: ["limit-cpu"], run: () => [2, 1].sort(spin) },
  "in a reviver": { ends: ["limit-cpu"], run: () => JSON.parse("[1]", spin) },
  "in toJSON": { ends: ["limit-cpu"], run: () => Response.json({ toJSON: spin }) },
  "in the replacer of a pattern": { ends: ["limit-cpu"], run: () => "a".replace(/a/, spin) },
  "in Symbol.species": {
    ends: ["limit-cpu"],
    run() {
      const list = [1];
      list.constructor = {
        get [Symbol.species]() {
          return spin();
        },
      };
      return String(list.map(Number));
    },
  },
  "in Symbol.hasInstance": { ends: ["limit-cpu"], run: () => ({}) instanceof { [Symbol.hasInstance]: spin } },
  "in a static block of evaluated code": {
    ends: ["limit-cpu"],
    run: () => (0, eval)("class Loop { static { for (;;) {} } }"),
  },
  "in a default parameter": { ends: ["limit-cpu"], run: () => ((_ = spin()) => _)() },
  "in the executor of a promise": { ends: ["limit-cpu"], run: () => new Promise(spin) },
  "in then of what is no promise": { ends: ["limit-cpu"], run: () => ({ then: spin }) },
  "after an await": { ends: ["limit-cpu"], run: async () => (await null, spin()) },
  "in finally of a rejected promise": { ends: ["limit-cpu"], run: () => Promise.reject(new Error("x")).finally(spin) },
  "in the callback of a timer": { ends: ["limit-cpu"], run: () => new Promise(() => setTimeout(spin, 1)) },
  "in the listener of an event": {
    ends: ["limit-cpu"],
    run() {
      const target = new EventTarget();
      target.addEventListener("x", spin);
      target.dispatchEvent(new Event("x"));
    },
  },
  "as an error's stack is made": {
    ends: ["limit-cpu"],
    run() {
      Error.prepareStackTrace = spin;
      return new Error("x").stack;
    },
  },
  "as the host reads what was thrown": {
    ends: ["limit-cpu"],
    run() {
      throw Object.defineProperties(new Error("x"), {
        name: { get: spin },
        message: { get: spin },
        stack: { get: spin },
      });
    },
  },
  "as a stream is pulled": { ends: ["limit-cpu"], run: () => new Response(new ReadableStream({ pull: spin })).text() },
};
