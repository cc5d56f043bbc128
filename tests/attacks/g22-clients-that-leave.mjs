// G22: the client leaves in the middle of a render. What ends the render is outside: whoever makes these attacks closes the connection
// after some milliseconds, at fifty places, while the guest is where the attack's name says. Nobody may hear of it but the log, and the
// processor has to be idle soon after. A client that stays gets the outcome that is named here.
const wait = (delay) => new Promise((resolve) => setTimeout(resolve, delay));
const turn = () => {
  for (let i = 0; i < 1000; i++);
};
const attacks = {
  "while it computes": {
    ends: ["limit-cpu"],
    times: 50,
    run() {
      for (;;) turn();
    },
  },
  "while it computes, in the engine": {
    ends: ["limit-cpu"],
    times: 50,
    run: () => Array.prototype.reverse.call({ length: 2 ** 32 - 1 }),
  },
  "while it calls the host by the console": {
    ends: ["limit-console-lines"],
    times: 50,
    async run() {
      for (;;) {
        console.log("x");
        for (let i = 0; i < 20; i++) turn();
        await null;
      }
    },
  },
  "while it waits for a timer": { ends: ["ok"], times: 50, run: () => wait(400) },
  "while it waits for a call": {
    ends: ["ok"],
    times: 50,
    async run() {
      for (let i = 0; i < 20; i++) {
        await fetch("http://127.0.0.1:1/").catch(() => {});
        await wait(20);
      }
    },
  },
  "while it writes the body": {
    ends: ["ok"],
    times: 50,
    run() {
      let left = 40;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await wait(10);
            controller.enqueue(new TextEncoder().encode(left === 0 ? "held" : ""));
            if (left-- === 0) controller.close();
          },
        }),
      );
    },
  },
  "while it writes more than a connection holds": {
    ends: ["limit-page"],
    times: 50,
    run: () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            turn();
            controller.enqueue(new Uint8Array(1 << 16));
          },
        }),
      ),
  },
  "after the answer, in waitUntil": {
    ends: ["ok"],
    times: 50,
    run: (request, env, context) => context.waitUntil(wait(400)),
  },
};
