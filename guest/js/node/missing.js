// What is said of a name of Node's that is not there: why, and what is there for it.

const REASONS = {
  http: 'a sandbox has no sockets, and an app calls others by `fetch` (axios: `adapter: "fetch"`)',
  net: "a sandbox has no sockets, and an app calls others by `fetch`",
  zlib: "`CompressionStream` and `DecompressionStream` are",
  crypto: "`crypto.subtle` is",
  threads: "a sandbox has no threads",
  v8: "the engine is another, and `structuredClone` copies what it is given",
  files: "a sandbox has no files, no sockets and no processes",
  other: "the layer for Node does not have it",
};
const OF = {
  http: "http", https: "http", http2: "http", dgram: "net", dns: "net", net: "net", tls: "net", zlib: "zlib", crypto: "crypto",
  child_process: "files", cluster: "files", fs: "files", inspector: "files", module: "files", process: "files", readline: "files",
  repl: "files", tty: "files", v8: "v8", worker_threads: "threads",
};

export function missing(name) {
  const [module] = name.replace(/^node:/, "").split(/[./]/);
  return `${name} is not there: ${REASONS[OF[module] ?? "other"]}`;
}

/** A module's names without those that would do nothing, or make something up: called or constructed, they say so. */
export function without(module, { default: _default, ...names }, missingNames) {
  for (const name of missingNames) {
    names[name] = { [name]: function () {
      throw new Error(missing(`${module}.${name}`));
    } }[name];
  }
  return names;
}
