// One request: the app's handler is called, and its response is handed on as it comes.
import { load } from "./core.js";

const { native, primordials } = globalThis.__bootstrap;
const { ObjectPrototypeIsPrototypeOf, PromiseResolve, TypeError } = primordials;
const { Request } = load("ext:deno_fetch/23_request.js");
const { ResponsePrototype } = load("ext:deno_fetch/23_response.js");
const { headersEntries } = load("ext:deno_fetch/20_headers.js");

/** What a handler gets as its third argument. */
class ExecutionContext {
  #waiting = [];
  props = {};

  /** Keeps the sandbox until the promise is settled, for at most as long as the limits allow. */
  waitUntil(promise) {
    this.#waiting.push(PromiseResolve(promise));
  }

  passThroughOnException() {}

  static async settled(context) {
    // What is waited for may ask for more.
    for (let next; (next = context.#waiting.shift()) !== undefined;) {
      try {
        await next;
      } catch (error) {
        native.reportException(error);
      }
    }
  }
}

/** `app` has the handler; `env` is what the host configured. */
export async function handle(app, { method, url, headers, body }, env) {
  // Where bundles that were made for Node look for it.
  for (const [name, value] of Object.entries(env)) if (typeof value === "string") globalThis.process.env[name] = value;
  const request = new Request(url, { method, headers, body });
  const context = new ExecutionContext();
  const response = await app.fetch(request, env, context);
  if (!ObjectPrototypeIsPrototypeOf(ResponsePrototype, response)) {
    throw new TypeError(`fetch gave ${native.describe(response)}, and a request is answered with a Response`);
  }
  if (response.type === "error") throw new TypeError("fetch gave Response.error(), which is no answer");
  if (response.bodyUsed || response.body?.locked) {
    throw new TypeError("fetch gave a Response whose body has been read already");
  }
  native.respond(response.status, headersEntries(response.headers));
  await send(response);
  native.finishBody();
  await ExecutionContext.settled(context);
}

async function send(response) {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!native.writeBody(value)) return void await reader.cancel(new TypeError("the response is read no further"));
  }
}
