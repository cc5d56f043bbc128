// `node:async_hooks`: `AsyncLocalStorage`, whose value follows what is awaited.
//
// What keeps it is one variable, which the guest saves with each promise reaction, timer and task, and sets again before it
// runs (src/context.rs).
import * as rest from "unenv/node/async_hooks";

const { native } = globalThis.__bootstrap;

export class AsyncLocalStorage {
  #isEnabled = true;

  static bind(callback) {
    return AsyncResource.bind(callback);
  }

  static snapshot() {
    return AsyncResource.bind((callback, ...values) => callback(...values));
  }

  run(value, callback, ...values) {
    this.#isEnabled = true;
    return within(new Map(native.asyncContext() || undefined).set(this, value), () => callback(...values));
  }

  exit(callback, ...values) {
    const context = new Map(native.asyncContext() || undefined);
    context.delete(this);
    return within(context, () => callback(...values));
  }

  enterWith(value) {
    this.#isEnabled = true;
    native.setAsyncContext(new Map(native.asyncContext() || undefined).set(this, value));
  }

  getStore() {
    return this.#isEnabled ? (native.asyncContext() || undefined)?.get(this) : undefined;
  }

  disable() {
    this.#isEnabled = false;
  }
}

function within(context, callback) {
  const before = native.asyncContext();
  native.setAsyncContext(context);
  try {
    return callback();
  } finally {
    native.setAsyncContext(before);
  }
}

export class AsyncResource {
  #context = native.asyncContext();

  constructor(type) {
    this.type = type;
  }

  static bind(callback, type) {
    return new AsyncResource(type ?? callback.name).bind(callback);
  }

  bind(callback) {
    const resource = this;
    return function (...values) {
      return resource.runInAsyncScope(callback, this, ...values);
    };
  }

  runInAsyncScope(callback, receiver, ...values) {
    return within(this.#context, () => Reflect.apply(callback, receiver, values));
  }

  asyncId = () => 1;
  triggerAsyncId = () => 0;
  emitDestroy() {
    return this;
  }
}

export const { createHook, executionAsyncId, executionAsyncResource, triggerAsyncId, asyncWrapProviders } = rest;
