// What is changed in the scripts of Deno's packages, where the standards or Node say otherwise.

const INNER_REQUEST = `class InnerRequest {
  constructor(method, url, headerList, body, blobUrlEntry) {
    this.method = method;
    this.headersInner = null;
    this.readHeaders = headerList;
    this.body = body;
    this.redirectMode = "follow";
    this.redirectCount = 0;
    this.urlList = [typeof url === "string" ? () => url : url];
    this.urlListProcessed = [];
    this.clientRid = null;
    this.blobUrlEntry = blobUrlEntry;
  }
  get headerList() {
    return this.headersInner ??= this.readHeaders();
  }
  set headerList(list) {
    this.headersInner = list;
  }
  url() {
    return this.urlListProcessed[0] ??= this.urlList[0]();
  }
  currentUrl() {
    const index = this.urlList.length - 1;
    return this.urlListProcessed[index] ??= this.urlList[index]();
  }
}

function newInnerRequest(method, url, headerList, body, maybeBlob) {
  const isBlob = maybeBlob && typeof url === "string" && StringPrototypeStartsWith(url, "blob:");
  return new InnerRequest(method, url, headerList, body, isBlob ? blobFromObjectUrl(url) : null);
}
`;
const INNER_RESPONSE = `class InnerResponse {
  constructor(status, statusMessage) {
    this.type = "default";
    this.body = null;
    this.headerList = [];
    this.urlList = [];
    this.status = status;
    this.statusMessage = statusMessage;
    this.aborted = false;
    this.bodyDecoded = false;
  }
  url() {
    const { urlList } = this;
    return urlList.length === 0 ? null : urlList[urlList.length - 1];
  }
}

function newInnerResponse(status = 200, statusMessage = "") {
  return new InnerResponse(status, statusMessage);
}
`;

/** A function that is declared in a script, as a whole. */
const declared = (name) => new RegExp(`^function ${name}\\([^]*?\\n\\}\\n`, "m");

const changes = {
  // What looks at one character after the other in JavaScript costs hundreds of units of fuel each, where nothing compiles it.
  "00_webidl.js": [[declared("isByteString"), "const { isByteString } = core;\n"]],
  "00_url.js": [
    [/if \(base === undefined && parseSimpleSpecialUrl[^]*?\} else /, ""],
    // Of a blob's URL, the origin of what is inside, and no more.
    ["return new URL(this.pathname).origin;", `const inner = new URL(this.pathname);
        return inner.protocol === "http:" || inner.protocol === "https:" ? inner.origin : "null";`],
  ],
  "01_dom_exception.js": [
    // A stack begins with what it says, as in other engines; the engine made it without.
    ["    error[webidl.brand] = webidl.brand;\n", `    error[webidl.brand] = webidl.brand;
    const { stack } = error;
    if (typeof stack === "string") {
      const frames = primordials.RegExpPrototypeExec(/(?:^|\\n)(    at (?!construct \\(native\\))[^]*)/, stack)?.[1];
      const headline = message === "" ? name : name + ": " + message;
      const value = frames === undefined ? headline : headline + "\\n" + frames;
      ObjectDefineProperty(error, "stack", { __proto__: null, value, configurable: true, enumerable: false, writable: true });
    }
`],
  ],
  "02_event.js": [
    // What no standard has, and what one has.
    ["  get initialized() {\n    return true;\n  }\n\n", ""],
    ["  getParent(_event) {\n    return null;\n  }\n\n", ""],
    ["  get bubbles() {\n", `  initEvent(type, bubbles = false, cancelable = false) {
    const prefix = "Failed to execute 'initEvent' on 'Event'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    type = webidl.converters.DOMString(type, prefix, "Argument 1");
    if (this[_dispatched]) return;
    this[_stopPropagationFlag] = this[_stopImmediatePropagationFlag] = this[_canceledFlag] = this[_isTrusted] = false;
    this[_attributes] = { ...this[_attributes], type, bubbles: !!bubbles, cancelable: !!cancelable, target: null };
  }

  get bubbles() {
`],
    [`    if (callback === null) {
      return;
    }
`, `    if (callback === null || callback === undefined) return;
    if (typeof callback !== "function" && typeof callback !== "object") {
      throw new TypeError(prefix + ": parameter 2 is neither a function nor an object");
    }
`],
    ["  listenerCount,\n", "  getListeners,\n  listenerCount,\n"],
    // Names that esbuild takes away.
    [`    get() {
      if (!this[_eventHandlers]) {`, `    get: ObjectGetOwnPropertyDescriptor({ get ["on" + name]() {
      if (!this[_eventHandlers]) {`],
    [`?.handler ?? null;
    },
    set(value) {`, `?.handler ?? null;
    } }, "on" + name).get,
    set(value) {`],
    // A handler that gives false has seen to the event (HTML's event handler processing algorithm).
    [
      "return FunctionPrototypeCall(wrappedHandler.handler, this, evt);",
      "if (FunctionPrototypeCall(wrappedHandler.handler, this, evt) === false) evt.preventDefault();",
    ],
  ],
  "06_streams.js": [
    // As Node shows it.
    [`    return inspect(
      createFilteredInspectProxy({
        object: this,
        evaluate: ObjectPrototypeIsPrototypeOf(
          WritableStreamPrototype,
          this,
        ),
        keys: ["locked"],
      }),
      inspectOptions,
    );`, `    const evaluate = ObjectPrototypeIsPrototypeOf(WritableStreamPrototype, this);
    const shown = createFilteredInspectProxy({ object: this, evaluate, keys: ["locked"] });
    if (evaluate) shown.state = this[_state];
    return inspect(shown, inspectOptions);`],
    // Their names are part of the standard, and esbuild would put the functions where they are used, without them.
    ["const size = (chunk) => chunk.byteLength;", "const { size } = { size: (chunk) => chunk.byteLength };"],
    ["const size = () => 1;", "const { size } = { size: () => 1 };"],
  ],
  "20_headers.js": [
    [declared("isByteString"), "const { isByteString } = core;\n"],
    [declared("checkForInvalidValueChars"), "const { isHeaderValue: checkForInvalidValueChars } = core;\n"],
    [/^let HEADER_NAME_CACHE [^]*?\n\}\n/m, "const { isToken: checkHeaderNameForHttpTokenCodePoint } = core;\n"],
  ],
  "14_compression.js": [
    // A format that is in no standard yet, and a large table.
    ['    "brotli",\n', ""],
    // A few bytes may become many: they come in pieces.
    [`        const output = op_compression_write(
          rid,
          chunk,
        );
        maybeEnqueue(controller, output);`, "        op_compression_write(rid, chunk, (output) => maybeEnqueue(controller, output));"],
  ],
  "21_formdata.js": [
    // Only a blob has a file's name.
    [`    } else {
      valueOrBlobValue = webidl.converters["USVString"](`, `    } else {
      if (arguments.length > 2) throw new TypeError(prefix + ": parameter 2 is not of type 'Blob'");
      valueOrBlobValue = webidl.converters["USVString"](`],
    // As browsers write it: names in quotes may have what else would end one, and a quote or a line's end as "%22", "%0D" or "%0A".
    [declared("parseContentDisposition"), `function parseContentDisposition(value) {
  const params = new SafeMap();
  const parameter = new SafeRegExp(/;[\\t ]*([^\\t ;="]+)=(?:"([^"]*)"|([^;]*))/g);
  for (let found; (found = primordials.RegExpPrototypeExec(parameter, value)) !== null;) {
    let given = found[2] ?? StringPrototypeTrim(found[3]);
    for (const [escaped, character] of new primordials.SafeArrayIterator([["%0A", "\\n"], ["%0D", "\\r"], ["%22", '"']])) {
      given = primordials.StringPrototypeReplaceAll(given, escaped, character);
    }
    MapPrototypeSet(params, found[1], given);
  }
  return params;
}
`],
    // What ends before its last boundary has lost parts, and a part has headers, and a name in them.
    [`          if (delimiter.type === 2) {
            break;
          }`, "          if (delimiter.type === 2) return formData;"],
    [`      }
    }

    return formData;
  }`, `      }
    }

    throw new TypeError("Unable to parse body as form data: it ends before its last boundary");
  }`],
    ["        const headerByteLength = i - headerStart + 1;\n", `        const headerByteLength = i - headerStart + 1;
        if (isNewLine && headerByteLength === 2) throw new TypeError("Unable to parse body as form data: a part has no headers");
`],
    [
      "          if (latin1Name) {\n",
      `          if (latin1Name === undefined) throw new TypeError("Unable to parse body as form data: a part has no name");
          {
`,
    ],
  ],
  "22_body.js": [
    // As what is encoded and decoded again: whole characters, without a byte order mark.
    ['return typeof chunk === "string" ? chunk : core.decode(chunk);', 'return typeof chunk === "string" ? core.decoded(chunk) : core.decode(chunk);'],
    // A stream of bytes gives each chunk away, and none that is empty.
    ["  createReadableStream,\n", "  createReadableByteStream,\n"],
    ["const stream = createReadableStream(\n", "const stream = createReadableByteStream(\n"],
    [`            controller.enqueue(chunkToU8(body));
            controller.close();
          },
          noopAsync,
          0,
        );`, `            const chunk = typeof body === "string" ? core.encode(body) : TypedArrayPrototypeSlice(body);
            if (TypedArrayPrototypeGetByteLength(chunk) > 0) controller.enqueue(chunk);
            controller.close();
            controller.byobRequest?.respond(0);
          },
          noopAsync,
        );`],
    // Names that esbuild takes away.
    ["  return ObjectDefineProperties(prototype, mixin);", `  for (const name in mixin) {
    const { get, value } = mixin[name];
    primordials.ObjectDefineProperty(get ?? value, "name", { __proto__: null, value: get ? "get " + name : name });
  }
  return ObjectDefineProperties(prototype, mixin);`],
  ],
  "23_request.js": [
    // Methods and accessors that are made once, and not for each request.
    [declared("newInnerRequest"), INNER_REQUEST],
    [/const cloned = \{[^]*?\n  \};/, `const url = request.url();
  const cloned = newInnerRequest(request.method, url, () => headerList, body, false);
  cloned.redirectMode = request.redirectMode;
  cloned.redirectCount = request.redirectCount;
  cloned.clientRid = request.clientRid;
  cloned.blobUrlEntry = request.blobUrlEntry;`],
    ["  value: function json() {\n", "  value: { json() {\n"],
    ["    return FunctionPrototypeCall(requestJson, this);\n  },\n", "    return FunctionPrototypeCall(requestJson, this);\n  } }.json,\n"],
    // A stream is sent before the response is read, and whoever sends one has to say so.
    [`      const res = extractBody(init.body);
      initBody = res.body;`, `      if (
        init.duplex === undefined &&
        ObjectPrototypeIsPrototypeOf(core.loadExtScript("ext:deno_web/06_streams.js").ReadableStreamPrototype, init.body)
      ) {
        throw new TypeError(prefix + ": a body that is a stream needs the option duplex: 'half'");
      }
      const res = extractBody(init.body);
      initBody = res.body;`],
    ["    { key: \"priority\", converter: webidl.converters[\"RequestPriority\"] },\n", `    { key: "priority", converter: webidl.converters["RequestPriority"] },
    { key: "duplex", converter: webidl.createEnumConverter("RequestDuplex", ["half"]) },
`],
    // What the standard refuses, and what it has and Deno's does not.
    ["      const parsedURL = new URL(input, baseURL);\n", `      const parsedURL = new URL(input, baseURL);
      if (
        primordials.StringPrototypeIncludes(parsedURL.href, "@") &&
        (parsedURL.username !== "" || parsedURL.password !== "")
      ) {
        throw new TypeError(prefix + ": the URL has a user's name or password: " + parsedURL.href);
      }
`],
    ["  get signal() {\n", `  get destination() {
    webidl.assertBranded(this, RequestPrototype);
    return "";
  }

  get isReloadNavigation() {
    webidl.assertBranded(this, RequestPrototype);
    return false;
  }

  get isHistoryNavigation() {
    webidl.assertBranded(this, RequestPrototype);
    return false;
  }

  get duplex() {
    webidl.assertBranded(this, RequestPrototype);
    return "half";
  }

  get signal() {
`],
  ],
  "23_response.js": [
    [declared("newInnerResponse"), INNER_RESPONSE],
    [/return \{\n    type: response\.type,[^]*?\n  \};/, `const cloned = newInnerResponse(response.status, response.statusMessage);
  cloned.type = response.type;
  cloned.body = body;
  cloned.headerList = headerList;
  cloned.urlList = urlList;
  cloned.aborted = response.aborted;
  cloned.bodyDecoded = response.bodyDecoded;
  return cloned;`],
    // What its server writes without looking at a response again is not ours.
    [declared("maybeSetServeNativeFromInner"), "function maybeSetServeNativeFromInner() {}\n"],
    ["if ((init.status < 200 || init.status > 599) && init.status != 101) {", "if (init.status < 200 || init.status > 599) {"],
    ["is not equal to 101 and outside the range [200, 599]", "is outside the range [200, 599]"],
  ],
};

/** The text of a script with its changes; `replace` checks that what it replaces is there. */
export function changed(text, replace, file) {
  return (changes[file] ?? []).reduce((text, [from, to]) => replace(text, from, () => to, file), text);
}
