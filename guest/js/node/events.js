// `node:events`: npm's events, and what it lacks of Node's. A module that imports a name which is not there is not built.
import EventEmitter from "events";
import { addAbortListener, errorMonitor, EventEmitterAsyncResource, getEventListeners, getMaxListeners, on } from "unenv/node/events";

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
