// Structured serialization (https://html.spec.whatwg.org/multipage/structured-data.html) within one realm: the copy is
// made when a value is serialized, and deserialized when it is handed out.
const { native, primordials } = globalThis.__bootstrap;
const {
  ArrayBuffer, ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetDetached, ArrayBufferPrototypeSlice,
  ArrayBufferPrototypeTransfer, BigIntPrototypeValueOf,
  BooleanPrototypeValueOf, DataView, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
  Date, DatePrototypeGetTime, Error, MapPrototypeSet, NumberPrototypeValueOf, Object, ObjectDefineProperty,
  ObjectGetOwnPropertyDescriptor, ObjectHasOwn, ObjectKeys, RegExp, RegExpPrototypeGetFlags, RegExpPrototypeGetSource, SafeArrayIterator,
  SafeMap, SafeMapIterator, SafeSetIterator, SetPrototypeAdd, String, StringPrototypeValueOf, TypedArrayPrototypeAt, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeGetSymbolToStringTag, TypeError, Uint8Array,
} = primordials;
const { Map, Set } = globalThis;
const constructors = { __proto__: null };
for (const name of ["Int8", "Uint8", "Uint8Clamped", "Int16", "Uint16", "Int32", "Uint32", "BigInt64", "BigUint64", "Float16", "Float32", "Float64"]) {
  constructors[`${name}Array`] = globalThis[`${name}Array`];
}
const errors = { __proto__: null };
for (const name of ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"]) {
  errors[name] = globalThis[name];
}

/** Stands for what is transferred until somebody receives it: which list it is of, and where in it. */
class Transferred {
  constructor(list, index) {
    this.list = list;
    this.index = index;
  }
}

/** Stands for a view of a transferred buffer. */
class TransferredView {
  constructor(buffer, make) {
    this.buffer = buffer;
    this.make = make;
  }
}

/** Whether a view is as long as its buffer, whatever that is: nothing says so but what it does when the buffer grows. */
function followsLength(view, buffer, tag) {
  if (!buffer.resizable || buffer.byteLength === buffer.maxByteLength) return false;
  const length = () => tag === undefined ? DataViewPrototypeGetByteLength(view) : TypedArrayPrototypeGetLength(view);
  const [before, size] = [length(), buffer.byteLength];
  buffer.resize(size + 8 < buffer.maxByteLength ? size + 8 : buffer.maxByteLength);
  const after = length();
  buffer.resize(size);
  return after !== before;
}

/** What `serialize` gives: the copy, to be handed out once. */
class Serialized {
  constructor(copy, isWhole) {
    this.copy = copy;
    this.isWhole = isWhole;
  }
}

/** `options`: `hostObjects` and `transferredArrayBuffers`, which becomes the list of the new buffers. */
export function serialize(value, core, options, onError) {
  const { hostObjects = [], transferredArrayBuffers = [] } = options ?? {};
  const copier = new Copier(core, onError);
  const transfer = (object, transferred) => {
    if (copier.seen.has(object)) copier.fail("An object is in the transfer list twice.");
    copier.keep(object, transferred);
  };
  hostObjects.forEach((object, index) => transfer(object, new Transferred("hostObjects", index)));
  transferredArrayBuffers.forEach((buffer, index) => {
    if (ArrayBufferPrototypeGetDetached(buffer)) copier.fail("An ArrayBuffer is detached and could not be cloned.");
    transfer(buffer, new Transferred("transferredArrayBuffers", index));
  });
  const copy = copier.of(value);
  // Only now, so that what cannot be cloned leaves them where they are.
  transferredArrayBuffers.forEach((buffer, index) => {
    transferredArrayBuffers[index] = ArrayBufferPrototypeTransfer(buffer);
  });
  return new Serialized(copy, hostObjects.length + transferredArrayBuffers.length === 0);
}

export function deserialize(data, core, options) {
  return data.isWhole ? data.copy : new Receiver(core, options ?? {}).of(data.copy);
}

class Copier {
  constructor(core, onError) {
    this.core = core;
    this.onError = onError;
    this.seen = new SafeMap();
  }

  fail(message) {
    if (this.onError !== undefined) this.onError(message);
    throw new TypeError(message);
  }

  refuse(value) {
    const what = typeof value === "symbol" ? String(value) : typeof value === "function" ? `${value}` : `#<${native.classOf(value)}>`;
    this.fail(`${what} could not be cloned.`);
  }

  keep(value, copy) {
    this.seen.set(value, copy);
    return copy;
  }

  of(value) {
    if (typeof value === "symbol" || typeof value === "function") this.refuse(value);
    if (value === null || typeof value !== "object") return value;
    return this.seen.get(value) ?? this.object(value);
  }

  object(value) {
    const kind = native.classOf(value);
    switch (kind) {
      case "Boolean": return this.keep(value, Object(BooleanPrototypeValueOf(value)));
      case "Number": return this.keep(value, Object(NumberPrototypeValueOf(value)));
      case "String": return this.keep(value, Object(StringPrototypeValueOf(value)));
      case "BigInt": return this.keep(value, Object(BigIntPrototypeValueOf(value)));
      case "Date": return this.keep(value, new Date(DatePrototypeGetTime(value)));
      case "RegExp": return this.keep(value, new RegExp(RegExpPrototypeGetSource(value), RegExpPrototypeGetFlags(value)));
      case "ArrayBuffer": return this.keep(value, this.buffer(value));
      case "Map": return this.map(value);
      case "Set": return this.set(value);
      case "Array": return this.properties(value, this.keep(value, this.array(value)));
    }
    if (ArrayBufferIsView(value)) return this.keep(value, this.view(value));
    const brand = value[this.core.hostObjectBrand];
    if (typeof brand === "function") return this.keep(value, this.hostObject(brand.call(value)));
    if (kind === "Error") return this.error(value);
    if ((kind !== "Object" && kind !== "Arguments") || brand !== undefined || this.core.isUncloneable(value)) this.refuse(value);
    return this.properties(value, this.keep(value, {}));
  }

  hostObject(data) {
    return this.core.getCloneableDeserializers()[data.type](data);
  }

  array(value) {
    const copy = [];
    copy.length = value.length;
    return copy;
  }

  buffer(value) {
    if (ArrayBufferPrototypeGetDetached(value)) this.fail("An ArrayBuffer is detached and could not be cloned.");
    if (!value.resizable) return ArrayBufferPrototypeSlice(value, 0, ArrayBufferPrototypeGetByteLength(value));
    const copy = new ArrayBuffer(value.byteLength, { maxByteLength: value.maxByteLength });
    new Uint8Array(copy).set(new Uint8Array(value));
    return copy;
  }

  view(value) {
    const tag = TypedArrayPrototypeGetSymbolToStringTag(value);
    this.checkBounds(value, tag);
    const [buffer, offset, length] = tag === undefined
      ? [DataViewPrototypeGetBuffer(value), DataViewPrototypeGetByteOffset(value), DataViewPrototypeGetByteLength(value)]
      : [TypedArrayPrototypeGetBuffer(value), TypedArrayPrototypeGetByteOffset(value), TypedArrayPrototypeGetLength(value)];
    const copy = this.of(buffer);
    // One that follows the length of its buffer goes on to.
    const size = followsLength(value, buffer, tag) ? undefined : length;
    const make = (buffer) => tag === undefined ? new DataView(buffer, offset, size) : new constructors[tag](buffer, offset, size);
    return copy instanceof Transferred ? new TransferredView(copy, make) : make(copy);
  }

  /** A buffer that was cut may have left its views without what they show. */
  checkBounds(value, tag) {
    try {
      if (tag === undefined) DataViewPrototypeGetByteLength(value);
      else TypedArrayPrototypeAt(value, 0);
    } catch {
      this.fail("A view is out of the bounds of its ArrayBuffer and could not be cloned.");
    }
  }

  map(value) {
    const copy = this.keep(value, new Map());
    const entries = [...new SafeMapIterator(value)];
    for (const [key, item] of new SafeArrayIterator(entries)) MapPrototypeSet(copy, this.of(key), this.of(item));
    return copy;
  }

  set(value) {
    const copy = this.keep(value, new Set());
    const items = [...new SafeSetIterator(value)];
    for (const item of new SafeArrayIterator(items)) SetPrototypeAdd(copy, this.of(item));
    return copy;
  }

  error(value) {
    const Kind = errors[String(value.name)] ?? Error;
    const message = ObjectGetOwnPropertyDescriptor(value, "message");
    const copy = new Kind();
    delete copy.message;
    const define = (name, value) =>
      ObjectDefineProperty(copy, name, { __proto__: null, value, configurable: true, enumerable: false, writable: true });
    if (message !== undefined && "value" in message) define("message", String(message.value));
    this.keep(value, copy);
    if (typeof value.stack === "string") define("stack", value.stack);
    if (ObjectHasOwn(value, "cause")) define("cause", this.of(value.cause));
    return copy;
  }

  properties(value, copy) {
    for (const key of new SafeArrayIterator(ObjectKeys(value))) {
      if (ObjectHasOwn(value, key)) {
        const item = this.of(value[key]);
        ObjectDefineProperty(copy, key, { __proto__: null, value: item, configurable: true, enumerable: true, writable: true });
      }
    }
    return copy;
  }
}

/** Makes of a copy with placeholders what somebody receives. */
class Receiver extends Copier {
  constructor(core, received) {
    super(core);
    this.received = received;
  }

  object(value) {
    if (value instanceof Transferred) return this.received[value.list][value.index];
    if (value instanceof TransferredView) return this.keep(value, value.make(this.of(value.buffer)));
    return super.object(value);
  }
}

