// growing: Error.prepareStackTrace
// written at: 6:25
// The engine keeps it in a slot of the realm that the shared Error is of.
// share: Error
const before = Error.prepareStackTrace;
Error.prepareStackTrace = (error, calls) => (before ? before(error, calls) : calls);
globalThis.render = () => "page";
