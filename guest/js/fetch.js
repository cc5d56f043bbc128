// `fetch`, as the Fetch Standard has it (https://fetch.spec.whatwg.org/). The host makes the calls, one for each redirect
// that is followed: what may be called, and how much, is its to say.
import { load } from "./core.js";

const { native, primordials } = globalThis.__bootstrap;
const {
  ArrayPrototypeFilter, ArrayPrototypeFind, ArrayPrototypeIncludes, ArrayPrototypePush, Error, Number,
  ObjectPrototypeIsPrototypeOf, Promise, PromisePrototype, PromisePrototypeThen, SafeArrayIterator, SafeSet, SetPrototypeHas,
  String, StringPrototypeToLowerCase, StringPrototypeTrim, TypeError, TypedArrayPrototypeGetByteLength, Uint8Array,
} = primordials;
const { requiredArguments } = load("ext:deno_webidl/00_webidl.js");
const { byteLowerCase } = load("ext:deno_web/00_infra.js");
const { URL } = load("ext:deno_web/00_url.js");
const { add, remove } = load("ext:deno_web/03_abort_signal.js");
const { ReadableStream } = load("ext:deno_web/06_streams.js");
const { extractBody, InnerBody } = load("ext:deno_fetch/22_body.js");
const { processUrlList, Request, toInnerRequest } = load("ext:deno_fetch/23_request.js");
const { fromInnerResponse, newInnerResponse, nullBodyStatus, redirectStatus } = load("ext:deno_fetch/23_response.js");

const MOST_REDIRECTS = 20;
/** What a request says that does not say it itself. */
const DEFAULTS = [["accept", "*/*"], ["accept-language", "*"]];
/** Headers of a body, and of a user: a redirect may leave them behind. */
const OF_A_BODY = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];
const OF_A_USER = ["authorization", "cookie", "proxy-authorization"];
/** https://fetch.spec.whatwg.org/#bad-port: what listens there speaks something else, and may read HTTP as that. */
const BAD_PORTS = new SafeSet([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113,
  115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556,
  563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
  6669, 6679, 6697, 10080,
]);

export function fetch(input, init = undefined) {
  return perform(arguments.length, input, init);
}

async function perform(count, input, init) {
  requiredArguments(count, 1, "Failed to execute 'fetch'");
  const request = new Request(input, init);
  return fromInnerResponse(await new Fetching(toInnerRequest(request), request.signal).run(), "immutable");
}

/** A network error: what `code` and `message` say stands in the cause too, for who reads it by program. */
function failure(code, message) {
  const cause = new Error(message);
  cause.code = code;
  return new TypeError(`fetch failed: ${message}`, { cause });
}

const header = (list, name) => ArrayPrototypeFind(list, (header) => byteLowerCase(header[0]) === name)?.[1];
const without = (list, names) => ArrayPrototypeFilter(list, (header) => !ArrayPrototypeIncludes(names, byteLowerCase(header[0])));

/** One call of `fetch`, up to the end of its response's body. */
class Fetching {
  #request;
  #signal;
  /** The number of the host's call, while one is open. */
  #call;
  /** Rejects what is waited for. */
  #interrupt;
  #controller;
  #decoder;
  /** The piece that is being decoded, and from where on. */
  #coded;
  #at = 0;
  /** How many bytes more came, and were counted by the host, than were made of them. */
  #spare = 0;

  #abort = () => {
    const { reason } = this.#signal;
    this.#close();
    this.#controller?.error(reason);
    this.#interrupt?.(reason);
  };

  constructor(request, signal) {
    this.#request = request;
    this.#signal = signal;
  }

  async run() {
    const request = this.#request;
    if (this.#signal.aborted) {
      request.body?.cancel(this.#signal.reason);
      throw this.#signal.reason;
    }
    for (const [name, value] of new SafeArrayIterator(DEFAULTS)) {
      if (header(request.headerList, name) === undefined) ArrayPrototypePush(request.headerList, [name, value]);
    }
    this.#signal[add](this.#abort);
    try {
      for (;;) {
        const response = await this.#exchange();
        if (!redirectStatus(response.status) || request.redirectMode === "manual") return this.#withBody(response);
        if (request.redirectMode === "error") {
          throw failure("redirect", `${request.currentUrl()} redirects, and the request's redirect mode is error`);
        }
        if (!redirect(request, response)) return this.#withBody(response);
        this.#close();
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** The response without its body. */
  #exchange() {
    const request = this.#request;
    const url = new URL(request.currentUrl());
    switch (url.protocol) {
      case "http:":
      case "https:":
        if (url.port !== "" && SetPrototypeHas(BAD_PORTS, Number(url.port))) {
          throw failure("invalid", `the port ${url.port} is none for HTTP`);
        }
        return this.#callOut(url.href);
      case "data:": {
        const data = native.dataUrl(url.href);
        if (data === undefined) throw failure("invalid", "the data: URL cannot be read");
        return this.#response(200, "OK", [["content-type", data[0]]], new InnerBody({ body: data[1], consumed: false }));
      }
      case "blob:": {
        const blob = request.blobUrlEntry;
        if (blob === null) throw failure("invalid", `there is no blob behind ${url.href}`);
        if (request.method !== "GET") throw failure("invalid", "a blob is fetched with GET");
        const headers = [["content-length", String(blob.size)], ["content-type", blob.type]];
        return this.#response(200, "OK", headers, new InnerBody(blob.stream()));
      }
      default:
        throw failure("invalid", `fetch knows no ${url.protocol} URLs`);
    }
  }

  async #callOut(url) {
    const request = this.#request;
    let body = request.body?.consume();
    if (ObjectPrototypeIsPrototypeOf(PromisePrototype, body)) {
      body = await this.#unlessAborted((resolve, reject) => PromisePrototypeThen(body, resolve, reject));
    }
    if (typeof body === "string") body = native.encode(body);
    const [status, statusText, headers] = await this.#unlessAborted((resolve, reject) => {
      const started = native.startCall(request.method, url, request.headerList, body, (what, ...head) => {
        if (what === "head") return resolve(head);
        this.#call = undefined;
        reject(failure(...new SafeArrayIterator(head[0])));
      });
      if (typeof started !== "number") return reject(failure(...new SafeArrayIterator(started)));
      this.#call = started;
    });
    return this.#response(status, statusText, headers, undefined);
  }

  #response(status, statusText, headers, body) {
    const { urlList, urlListProcessed } = this.#request;
    const response = newInnerResponse(status, statusText);
    response.type = "basic";
    response.headerList = headers;
    response.urlList = [...new SafeArrayIterator(processUrlList(urlList, urlListProcessed))];
    response.body = body;
    return response;
  }

  #withBody(response) {
    if (nullBodyStatus(response.status) || this.#request.method === "HEAD") {
      this.#end();
      response.body = null;
    } else if (response.body === undefined) {
      const format = decoding(response.headerList);
      this.#decoder = format && native.newCompression(format, true);
      response.bodyDecoded = format !== undefined;
      response.body = new InnerBody(this.#stream());
    } else {
      this.#end();
    }
    return response;
  }

  #stream() {
    return new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: async (controller) => {
        try {
          await this.#pull(controller);
        } catch (error) {
          this.#end();
          throw error;
        }
      },
      cancel: () => this.#end(),
    });
  }

  async #pull(controller) {
    for (;;) {
      const piece = this.#coded ?? await this.#unlessAborted((resolve, reject) => {
        native.readCall(this.#call, (what, value) => {
          if (what === "failed") return reject(failure(...new SafeArrayIterator(value)));
          resolve(value);
        });
      });
      const chunk = this.#decoder === undefined ? piece ?? new Uint8Array(0) : this.#decoded(piece);
      if (TypedArrayPrototypeGetByteLength(chunk) > 0) controller.enqueue(chunk);
      if (piece === undefined) {
        this.#end();
        controller.close();
        controller.byobRequest?.respond(0);
      }
      if (piece === undefined || TypedArrayPrototypeGetByteLength(chunk) > 0) return;
    }
  }

  /** The next of a piece without its content coding; without a piece the rest. */
  #decoded(piece) {
    let chunk;
    try {
      if (piece === undefined) {
        chunk = native.endCompression(this.#decoder, true);
        this.#decoder = undefined;
      } else {
        if (this.#coded === undefined) this.#spare += TypedArrayPrototypeGetByteLength(piece);
        const decoded = native.compress(this.#decoder, piece, this.#at);
        chunk = decoded[0];
        this.#at = decoded[1] ?? 0;
        this.#coded = decoded[1] === undefined ? undefined : piece;
      }
    } catch (error) {
      throw failure("protocol", `the response's content coding cannot be read: ${error.message}`);
    }
    this.#count(TypedArrayPrototypeGetByteLength(chunk));
    return chunk;
  }

  /** Tells the host of what was made of a body beyond what came. */
  #count(bytes) {
    this.#spare -= bytes;
    if (this.#spare >= 0) return;
    const refused = native.countDecoded(this.#call, -this.#spare);
    this.#spare = 0;
    if (refused !== undefined) throw failure(...new SafeArrayIterator(refused));
  }

  /** What comes of `start`, which is given what settles a promise; the signal's reason if it comes first. */
  #unlessAborted(start) {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      start(resolve, reject);
    });
  }

  /** Ends the host's call, if one is open. */
  #close() {
    if (this.#call !== undefined) native.cancelCall(this.#call);
    this.#call = undefined;
  }

  #end() {
    this.#close();
    if (this.#decoder !== undefined) native.endCompression(this.#decoder, false);
    this.#decoder = this.#coded = undefined;
    this.#controller = undefined;
    this.#signal[remove](this.#abort);
  }
}

/** The format of a content coding that is taken off a body. The request asks for none. */
function decoding(headers) {
  const coding = StringPrototypeToLowerCase(StringPrototypeTrim(header(headers, "content-encoding") ?? ""));
  if (coding === "gzip" || coding === "x-gzip") return "gzip";
  return coding === "deflate" ? "deflate" : undefined;
}

/** Points the request where the response does; false if that points nowhere. https://fetch.spec.whatwg.org/#http-redirect-fetch */
function redirect(request, response) {
  const location = header(response.headerList, "location");
  if (location === undefined) return false;
  const from = new URL(request.currentUrl());
  if (!URL.canParse(location, from.href)) throw failure("redirect", `${from.href} redirects to what is no URL: ${location}`);
  const to = new URL(location, from.href);
  if (to.hash === "") to.hash = from.hash;
  if (to.protocol !== "http:" && to.protocol !== "https:") throw failure("redirect", `${from.href} redirects to ${to.protocol}`);
  if (request.redirectCount === MOST_REDIRECTS) throw failure("redirect", `there are more than ${MOST_REDIRECTS} redirects`);
  request.redirectCount += 1;
  const { status } = response;
  const isPost = request.method === "POST";
  if (((status === 301 || status === 302) && isPost) || (status === 303 && !ArrayPrototypeIncludes(["GET", "HEAD"], request.method))) {
    request.method = "GET";
    request.body = null;
    request.headerList = without(request.headerList, OF_A_BODY);
  } else if (request.body !== null) {
    if (request.body.source === null) throw failure("redirect", `${from.href} redirects, and a stream cannot be sent again`);
    request.body = extractBody(request.body.source).body;
  }
  if (to.origin !== from.origin) request.headerList = without(request.headerList, OF_A_USER);
  ArrayPrototypePush(request.urlList, () => to.href);
  return true;
}
