// `node:events`: npm's events, and what it lacks of Node's. A module that imports a name which is not there is not built.
import EventEmitter from "events";
import { addAbortListener, errorMonitor, EventEmitterAsyncResource, getMaxListeners, on } from "unenv/node/events";
import { load } from "../core.js";
import { invalid } from "./invalid.js";

const { getListeners } = load("ext:deno_web/02_event.js");
const { EventTarget } = globalThis;

function getEventListeners(target, type) {
  if (typeof target?.listeners === "function") return target.listeners(type);
  if (target instanceof EventTarget) return (getListeners(target)[type] ?? []).map(({ callback }) => callback);
  throw invalid("emitter", "an instance of EventEmitter or EventTarget", target);
}

Object.assign(EventEmitter, {
  addAbortListener,
  captureRejections: false,
  captureRejectionSymbol: Symbol.for("nodejs.rejection"),
  errorMonitor,
  EventEmitterAsyncResource,
  getEventListeners,
  getMaxListeners: (target) => target instanceof EventEmitter ? target.getMaxListeners() : getMaxListeners(target),
  on,
  /** Of event targets as well, which have no such number here. */
  setMaxListeners(most = EventEmitter.defaultMaxListeners, ...targets) {
    if (targets.length === 0) EventEmitter.defaultMaxListeners = most;
    for (const target of targets) target.setMaxListeners?.(most);
  },
  usingDomains: false,
});

export default EventEmitter;
