// The body of a request, as the host has it: whole, or still to come.
import { load } from "./core.js";

const { native, primordials } = globalThis.__bootstrap;
const { Error, Promise, TypeError } = primordials;
const { createReadableByteStream } = load("ext:deno_web/06_streams.js");
const { InnerBody } = load("ext:deno_fetch/22_body.js");

/** `body` is its bytes, or the number by which it is read. */
export function incoming(body) {
  return new InnerBody(typeof body === "number" ? stream(body) : { body, consumed: false });
}

/** A stream of bytes, as that of a body which is whole: an app need not know which it was sent. */
function stream(body) {
  const pull = async (controller) => {
    const piece = await next(body);
    if (piece !== undefined) return controller.enqueue(piece);
    controller.close();
    controller.byobRequest?.respond(0);
  };
  // Nothing is asked for before the app reads.
  return createReadableByteStream(() => {}, pull, async () => native.cancelCall(body));
}

/** The next piece; nothing at the end. */
function next(body) {
  return new Promise((resolve, reject) => {
    native.readCall(body, (what, value) => what === "failed" ? reject(brokenOff(value[1])) : resolve(value));
  });
}

function brokenOff(message) {
  return new TypeError(`the request's body broke off: ${message}`, { cause: new Error(message) });
}
