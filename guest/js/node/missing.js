// What is said of a name of Node's that is not there: why, and what is there for it.

const REASONS = {
  http: 'a sandbox has no sockets, and an app calls others by `fetch` (axios: `adapter: "fetch"`)',
  net: "a sandbox has no sockets, and an app calls others by `fetch`",
  zlib: "`CompressionStream` and `DecompressionStream` are",
  crypto: "`crypto.subtle` is",
  files: "a sandbox has no files, no sockets and no processes",
  other: "the layer for Node does not have it",
};
const OF = {
  http: "http", https: "http", http2: "http", dgram: "net", dns: "net", net: "net", tls: "net", zlib: "zlib", crypto: "crypto",
  child_process: "files", cluster: "files", fs: "files", inspector: "files", module: "files", process: "files", readline: "files",
  repl: "files", tty: "files", worker_threads: "files",
};

export function missing(name) {
  const [module] = name.replace(/^node:/, "").split(/[./]/);
  return `${name} is not there: ${REASONS[OF[module] ?? "other"]}`;
}
