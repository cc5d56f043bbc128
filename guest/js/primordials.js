// The language's own functions, kept from what an app may do to them. To be evaluated before all else.
import "deno:primordials";

globalThis.__bootstrap.primordials.setQueueMicrotask(globalThis.queueMicrotask);
