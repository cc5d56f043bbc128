// CVE-2017-16226 (GHSA-5mjw-6jrh-hvfq), static-eval: functions in an expression reached the constructor of functions; GHSA-876r-hj45-fw7g,
// safer-eval: an exception that is thrown while the stack is at its end comes from the host's realm; CVE-2021-23771, notevil: `__proto__` by
// a computed name.
const attacks = {
  expressions: {
    ends: ["ok"],
    run() {
      const got = [];
      for (const text of [
        "(function(x){return x.constructor})(function(){})('return this')()", "''.sub.constructor('return this')()",
        "[]['con'+'structor']['con'+'structor']('return this')()", "[].map['constr' + 'uctor']('return globalThis')()",
        "({})[['__proto__']][['constructor']][['constructor']]('return this')()",
        "(() => {})['__pro' + 'to__'].constructor('return this')()",
        "Object.getOwnPropertyDescriptor(Object.getPrototypeOf(function(){}), 'constructor').value('return this')()",
      ]) {
        const made = (0, eval)(text);
        if (made !== globalThis) return `${text} gave another`;
        got.push(made);
      }
      return probe(...got);
    },
  },
  "errors while errors are thrown": {
    ends: ["ok", "limit-js-stack", "limit-cpu"],
    run() {
      const got = [];
      const dive = (depth) => {
        try {
          dive(depth + 1);
        } catch (error) {
          got.push(error);
          if (got.length < 50) throw new (error.constructor.constructor("return this")().Error)(error);
        }
      };
      try {
        dive(0);
      } catch (error) {
        got.push(error);
      }
      return probe(...got);
    },
  },
};
