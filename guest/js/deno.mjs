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
  "02_event.js": [
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
    // Their names are part of the standard, and esbuild would put the functions where they are used, without them.
    ["const size = (chunk) => chunk.byteLength;", "const { size } = { size: (chunk) => chunk.byteLength };"],
    ["const size = () => 1;", "const { size } = { size: () => 1 };"],
  ],
  "20_headers.js": [
    [declared("isByteString"), "const { isByteString } = core;\n"],
    [declared("checkForInvalidValueChars"), "const { isHeaderValue: checkForInvalidValueChars } = core;\n"],
    [/^let HEADER_NAME_CACHE [^]*?\n\}\n/m, "const { isToken: checkHeaderNameForHttpTokenCodePoint } = core;\n"],
  ],
  // A format that is in no standard yet, and a large table.
  "14_compression.js": [['    "brotli",\n', ""]],
  "21_formdata.js": [
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
    ["  get signal() {\n", `  get duplex() {
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
