// `MIMEType` and `MIMEParams` of `node:util`, by the parser that the web's classes have.
import { load } from "../core.js";

const { parseMimeType } = load("ext:deno_web/01_mimesniff.js");
const TOKEN = /^[-!#$%&'*+.^_`|~A-Za-z0-9]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** `text`, if it is one of these. */
function checked(what, text, pattern) {
  if (pattern.test(text)) return text;
  throw Object.assign(new TypeError(`The MIME syntax for a ${what} in ${JSON.stringify(text)} is invalid`), { code: "ERR_INVALID_MIME_SYNTAX" });
}

export class MIMEParams {
  #values = new Map();

  get(name) {
    return this.#values.get(`${name}`) ?? null;
  }

  has(name) {
    return this.#values.has(`${name}`);
  }

  set(name, value) {
    this.#values.set(checked("parameter name", `${name}`, TOKEN), checked("parameter value", `${value}`, VALUE));
  }

  delete(name) {
    this.#values.delete(`${name}`);
  }

  entries() {
    return this.#values.entries();
  }

  keys() {
    return this.#values.keys();
  }

  values() {
    return this.#values.values();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    const quoted = (value) => TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
    return Array.from(this.#values, ([name, value]) => `${name}=${quoted(value)}`).join(";");
  }

  toJSON() {
    return `${this}`;
  }
}

export class MIMEType {
  #type;
  #subtype;
  #params = new MIMEParams();

  constructor(input) {
    const parsed = parseMimeType(`${input}`);
    if (parsed === null) checked("type", `${input}`, /(?!)/);
    this.#type = parsed.type;
    this.#subtype = parsed.subtype;
    for (const [name, value] of parsed.parameters) this.#params.set(name, value);
  }

  get type() {
    return this.#type;
  }

  set type(type) {
    this.#type = checked("type", `${type}`, TOKEN).toLowerCase();
  }

  get subtype() {
    return this.#subtype;
  }

  set subtype(subtype) {
    this.#subtype = checked("subtype", `${subtype}`, TOKEN).toLowerCase();
  }

  get essence() {
    return `${this.#type}/${this.#subtype}`;
  }

  get params() {
    return this.#params;
  }

  toString() {
    const params = `${this.#params}`;
    return params === "" ? this.essence : `${this.essence};${params}`;
  }

  toJSON() {
    return `${this}`;
  }
}
