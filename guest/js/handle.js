// One request: the app's handler is called, and its response is handed on as it comes.
import { incoming } from "./body.js";
import { load } from "./core.js";
import { process } from "./node/process.js";

const { native, primordials } = globalThis.__bootstrap;
const { ObjectKeys, ObjectPrototypeIsPrototypeOf, PromiseResolve, TypeError } = primordials;
// Past the conversions of Web IDL, which are for what an app gives.
const { fromInnerRequest, newInnerRequest } = load("ext:deno_fetch/23_request.js");
const { Response, ResponsePrototype, toInnerResponse, wireHeaderList } = load("ext:deno_fetch/23_response.js");
const { ReadableStreamPrototype } = load("ext:deno_web/06_streams.js");

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

/** `app` has the handler; `env` is what the host configured. Gives what the caller is to keep. */
export async function handle(app, { method, url, headers, body }, env) {
  // Where bundles that were made for Node look for it.
  const names = ObjectKeys(env);
  for (let i = 0; i < names.length; i++) if (typeof env[names[i]] === "string") process.env[names[i]] = env[names[i]];
  const parsed = native.urlParse(url);
  if (parsed === undefined) throw new TypeError(`the request's URL is none: ${url}`);
  const inner = newInnerRequest(method, parsed[0], () => headers, body === undefined ? null : incoming(body), false);
  const request = fromInnerRequest(inner, "immutable");
  const context = new ExecutionContext();
  const response = await app.fetch(request, env, context);
  if (!ObjectPrototypeIsPrototypeOf(ResponsePrototype, response)) {
    throw new TypeError(`fetch gave ${native.describe(response)}, and a request is answered with a Response`);
  }
  const answer = toInnerResponse(response) ?? innerOfAnother(response);
  if (answer.type === "error") throw new TypeError("fetch gave Response.error(), which is no answer");
  if (answer.body?.unusable()) throw new TypeError("fetch gave a Response whose body has been read already");
  native.respond(answer.status, wireHeaderList(answer));
  if (answer.body !== null) await send(answer.body);
  native.finishBody();
  await ExecutionContext.settled(context);
  return [request, response, context];
}

/** What a library puts in the place of a Response until somebody looks closer (srvx, below h3, does): read as anyone reads it. */
function innerOfAnother({ body, status, statusText, headers }) {
  return toInnerResponse(new Response(body, { status, statusText, headers }));
}

async function send(body) {
  if (!ObjectPrototypeIsPrototypeOf(ReadableStreamPrototype, body.streamOrStatic)) {
    const whole = body.consume();
    return void (typeof whole === "string" ? native.writeText(whole) : native.writeBody(whole));
  }
  const reader = body.stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!native.writeBody(value)) return void await reader.cancel(new TypeError("the response is read no further"));
  }
}
