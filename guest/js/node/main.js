// Node's globals and modules, as far as bundles for servers ask for them: a compatibility layer, and no Node.
import { process } from "./process.js";
import "./base64url.js";
import { Buffer } from "buffer";
import { invalid } from "./invalid.js";
import { without } from "./missing.js";
import assert from "assert/";
import * as async_hooks from "./async_hooks.js";
import { buffer } from "./buffer.js";
import * as child_process from "unenv/node/child_process";
import * as cluster from "unenv/node/cluster";
import * as constants from "unenv/node/constants";
import * as crypto from "./crypto.js";
import * as diagnostics_channel from "unenv/node/diagnostics_channel";
import * as unenvDgram from "unenv/node/dgram";
import * as dns from "unenv/node/dns";
import * as dnsPromises from "unenv/node/dns/promises";
import * as domain from "unenv/node/domain";
import events from "./events.js";
import * as fs from "unenv/node/fs";
import * as fsPromises from "unenv/node/fs/promises";
import * as http from "unenv/node/http";
import * as http2 from "unenv/node/http2";
import * as https from "unenv/node/https";
import * as inspector from "unenv/node/inspector";
import * as unenvNet from "unenv/node/net";
import * as unenvOs from "unenv/node/os";
import unenvPath from "unenv/node/path";
import * as perf_hooks from "unenv/node/perf_hooks";
import * as punycode from "unenv/node/punycode";
import * as querystring from "unenv/node/querystring";
import * as unenvReadline from "unenv/node/readline";
import * as unenvReadlinePromises from "unenv/node/readline/promises";
import stream, { consumers } from "./stream.js";
import string_decoder from "string_decoder";
import timers from "./timers.js";
import * as unenvTls from "unenv/node/tls";
import * as tty from "unenv/node/tty";
import * as url from "unenv/node/url";
import * as util from "./util.js";
import { types } from "./types.js";
import * as unenvV8 from "unenv/node/v8";
import * as vm from "unenv/node/vm";
import * as unenvThreads from "unenv/node/worker_threads";
import * as zlib from "unenv/node/zlib";

// unenv's stands for Windows' paths too, which it knows nothing of.
const { matchesGlob: _glob, ...path } = unenvPath;
Object.assign(path, { posix: path, win32: undefined });
const dgram = without("dgram", unenvDgram, ["_createSocketHandle", "createSocket", "Socket"]);
const readlinePromises = without("readline", unenvReadlinePromises, ["createInterface", "Interface", "Readline"]);
const readline = {
  ...without("readline", unenvReadline, ["createInterface", "emitKeypressEvents", "Interface"]),
  promises: readlinePromises,
};
const tls = without("tls", unenvTls, ["connect", "createServer", "SecureContext", "Server", "TLSSocket"]);
const v8 = without("v8", unenvV8, [
  "DefaultDeserializer", "DefaultSerializer", "deserialize", "Deserializer", "GCProfiler", "getHeapSnapshot", "queryObjects", "serialize",
  "Serializer", "writeHeapSnapshot",
]);
const { MessageChannel, MessagePort } = globalThis;
const worker_threads = {
  ...without("worker_threads", unenvThreads, ["BroadcastChannel", "moveMessagePortToContext", "receiveMessageOnPort", "Worker"]),
  MessageChannel,
  MessagePort,
};
const net = { ...without("net", unenvNet, []), isIP, isIPv4: (text) => isIP(text) === 4, isIPv6: (text) => isIP(text) === 6 };
const os = { ...without("os", unenvOs, []), userInfo };

const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);

/** 4, 6, or 0 of what is no address. */
function isIP(text) {
  const address = `${text}`;
  if (IPV4.test(address)) return 4;
  // As a URL has it, which knows no zones.
  const [, groups] = /^([\da-f:.]+)(?:%[\w.~:-]+)?$/i.exec(address) ?? [];
  return groups?.includes(":") && URL.canParse(`http://[${groups}]`) ? 6 : 0;
}

/** As Node's where the system has no user of this number. */
function userInfo() {
  const info = { errno: -2, code: "ENOENT", message: "no such file or directory", syscall: "uv_os_get_passwd" };
  const error = new Error(`A system error occurred: ${info.syscall} returned ${info.code} (${info.message})`);
  throw Object.assign(error, { name: "SystemError", code: "ERR_SYSTEM_ERROR", info, errno: info.errno, syscall: info.syscall });
}

types.isKeyObject = (value) => value instanceof crypto.KeyObject;

const streamWeb = Object.fromEntries(
  [
    "ByteLengthQueuingStrategy", "CompressionStream", "CountQueuingStrategy", "DecompressionStream",
    "ReadableByteStreamController", "ReadableStream", "ReadableStreamBYOBReader",
    "ReadableStreamBYOBRequest", "ReadableStreamDefaultController", "ReadableStreamDefaultReader", "TextDecoderStream",
    "TextEncoderStream", "TransformStream", "TransformStreamDefaultController", "WritableStream",
    "WritableStreamDefaultController", "WritableStreamDefaultWriter",
  ].map((name) => [name, globalThis[name]]),
);

const modules = {
  __proto__: null,
  assert, "assert/strict": assert.strict, async_hooks, buffer, child_process, cluster, console: globalThis.console, constants, crypto, dgram,
  diagnostics_channel, dns, "dns/promises": dnsPromises, domain, events, fs, "fs/promises": fsPromises, http, http2, https, inspector,
  module: { createRequire: () => require, builtinModules: [], isBuiltin: (name) => find(name) !== undefined }, net, os, path, "path/posix": path, perf_hooks, process, punycode,
  querystring, readline, "readline/promises": readlinePromises, stream, "stream/consumers": consumers, "stream/promises": stream.promises,
  "stream/web": streamWeb, string_decoder, sys: util, timers, "timers/promises": timers.promises, tls, tty, url, util,
  "util/types": types, v8, vm, worker_threads, zlib,
};
modules.module.builtinModules.push(...Object.keys(modules));

/** A module by the name that it is imported by; nothing if there is none. */
function find(name) {
  return modules[name.startsWith("node:") ? name.slice(5) : name];
}

/** What `import` sees: the module's names, and it as the default. */
export function importable(name) {
  const found = find(name);
  if (found === undefined) return undefined;
  const names = Object.keys(found).filter((key) => key !== "default" && key !== "__esModule");
  return { ...Object.fromEntries(names.map((key) => [key, found[key]])), default: found.default ?? found };
}

export function require(name) {
  const found = find(`${name}`);
  if (found === undefined) {
    const error = new Error(`Cannot find module '${name}': a bundle is one file, so bundle what it requires into it`);
    throw Object.assign(error, { code: "MODULE_NOT_FOUND" });
  }
  return found.default ?? found;
}

process.getBuiltinModule = (name) => {
  if (typeof name !== "string") throw invalid("id", "of type string", name);
  return find(name) && require(name);
};

/** Gives a classic script what CommonJS has; the object whose `exports` it sets. */
export function commonjs(global) {
  const module = { exports: {}, id: ".", loaded: false, children: [], paths: [] };
  Object.assign(global, { module, exports: module.exports, require, __filename: "/app.js", __dirname: "/" });
  return module;
}

for (const [name, value] of Object.entries({ Buffer, global: globalThis })) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
