// Sets the globals, and says what the guest calls. Evaluated once, when the engine is made; src/web.rs has put
// `__bootstrap.native` there.
import "./primordials.js";
import { core } from "./core.js";
import { dropMessages, forgetAll } from "./ops.js";
import { event, handle, renewConsole, setEventTarget } from "./web.js";
import { commonjs, importable } from "./node/main.js";

const { native } = globalThis.__bootstrap;

// QuickJS takes a text alone for an error's stack, and lists it among the error's keys then.
const { defineProperty } = Object;
const { set } = Object.getOwnPropertyDescriptor({
  set stack(value) {
    defineProperty(this, "stack", { value, writable: true, enumerable: native.classOf(this) !== "Error", configurable: true });
  },
}, "stack");
defineProperty(Error.prototype, "stack", { set });

native.hooks({
  /** The top level has run: what it left open is no render's. */
  loaded() {
    renewConsole();
    dropMessages();
  },
  /** A run of the lab's has ended, and its realm with it. */
  left() {
    renewConsole();
    forgetAll();
  },
  /** Makes the global object of another realm the event target that this one's is. */
  setEventTarget,
  handle,
  importable,
  commonjs,
  listens: (type) => event.listenerCount(globalThis, type) > 0,
  reportException: event.reportException,
  /** Whether a listener has seen to it; what the listeners throw themselves is reported. */
  exceptionIsHandled(error) {
    let isHandled = true;
    const { reportUnhandledException } = core;
    core.reportUnhandledException = (other) => other === error ? isHandled = false : reportUnhandledException(other);
    event.reportException(error);
    core.reportUnhandledException = reportUnhandledException;
    return isHandled;
  },
  /** Whether a listener has seen to it. */
  rejectionIsHandled(promise, reason) {
    const rejection = new event.PromiseRejectionEvent("unhandledrejection", { promise, reason, cancelable: true });
    return !globalThis.dispatchEvent(rejection);
  },
});
delete globalThis.__bootstrap;
