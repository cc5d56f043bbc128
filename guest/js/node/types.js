// `node:util/types`, by the classes that the engine knows, whatever a value's prototype says.

const { classOf } = globalThis.__bootstrap.native;
const { CryptoKey } = globalThis;

const is = (...classes) => (value) => classes.includes(classOf(value));
const isTyped = (name) => (value) => tagOf(value) === name;
const { get: typedTag } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const tagOf = (value) => Reflect.apply(typedTag, value, []);

export const types = {
  isAnyArrayBuffer: is("ArrayBuffer", "SharedArrayBuffer"),
  isArgumentsObject: is("Arguments"),
  isArrayBuffer: is("ArrayBuffer"),
  isArrayBufferView: ArrayBuffer.isView,
  isAsyncFunction: is("AsyncFunction", "AsyncGeneratorFunction"),
  isBigInt64Array: isTyped("BigInt64Array"),
  isBigIntObject: is("BigInt"),
  isBigUint64Array: isTyped("BigUint64Array"),
  isBooleanObject: is("Boolean"),
  isBoxedPrimitive: is("BigInt", "Boolean", "Number", "String", "Symbol"),
  isCryptoKey: (value) => value instanceof CryptoKey,
  isDataView: is("DataView"),
  isDate: is("Date"),
  isExternal: () => false,
  isFloat32Array: isTyped("Float32Array"),
  isFloat64Array: isTyped("Float64Array"),
  isGeneratorFunction: is("AsyncGeneratorFunction", "GeneratorFunction"),
  isGeneratorObject: is("AsyncGenerator", "Generator"),
  isInt16Array: isTyped("Int16Array"),
  isInt32Array: isTyped("Int32Array"),
  isInt8Array: isTyped("Int8Array"),
  /** Set by main.js: the module that has the class is made of some that ask for this one. */
  isKeyObject: () => false,
  isMap: is("Map"),
  isMapIterator: is("Map Iterator"),
  isModuleNamespaceObject: is("Module"),
  isNativeError: is("Error"),
  isNumberObject: is("Number"),
  isPromise: is("Promise"),
  isProxy: is("Proxy"),
  isRegExp: is("RegExp"),
  isSet: is("Set"),
  isSetIterator: is("Set Iterator"),
  isSharedArrayBuffer: is("SharedArrayBuffer"),
  isStringObject: is("String"),
  isSymbolObject: is("Symbol"),
  isTypedArray: (value) => tagOf(value) !== undefined,
  isUint16Array: isTyped("Uint16Array"),
  isUint32Array: isTyped("Uint32Array"),
  isUint8Array: isTyped("Uint8Array"),
  isUint8ClampedArray: isTyped("Uint8ClampedArray"),
  isWeakMap: is("WeakMap"),
  isWeakSet: is("WeakSet"),
};
