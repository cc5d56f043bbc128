// Source maps that somebody gave, by the digest of their bundle. No map goes to the server: they stay in the tab, over reloads, until it is
// closed or its user signs out. A bundle has its digest wherever it is served, so its map is that of each tenant that has it.

import { FlattenMap, TraceMap, decodedMappings, encodedMap } from "@jridgewell/trace-mapping";

const KEY = "dayfly-maps";

/** Characters that are kept, of some five million that a tab has room for. Of more, what was given first is dropped. */
const MOST = 4_000_000;

/** `{ name, map, is_kept, trace }` by digest, newest last. */
const all = new Map(read());

export const maps = {
  of: (digest) => all.get(digest),

  /** Where the places of a bundle are in its author's files, if it has a map. */
  trace(digest) {
    const given = all.get(digest);
    return given && (given.trace ??= new TraceMap(given.map));
  },

  /** Takes the text of a map, or throws what is wrong with it. */
  give(digest, name, text) {
    const trace = new FlattenMap(text);
    // What is wrong in its mappings shows now, and not at the first stack.
    decodedMappings(trace);
    // Its sources' texts and names are most of it, and no place needs them.
    const { version, sourceRoot, sources, mappings } = encodedMap(trace);
    all.delete(digest);
    all.set(digest, { name, map: { version, sourceRoot, sources, names: [], mappings }, trace });
    keep(digest);
  },

  forget(digest) {
    all.delete(digest);
    keep();
  },

  end() {
    all.clear();
    sessionStorage.removeItem(KEY);
  },
};

function read() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  return kept.map(([digest, name, map]) => [digest, { name, map, is_kept: true }]);
}

/** Keeps what there is room for. That of `newest` holds until the page is left even if there is none. */
function keep(newest) {
  const rows = [];
  let room = MOST;
  for (const [digest, given] of [...all].reverse()) {
    const row = [digest, given.name, given.map];
    const { length } = JSON.stringify(row);
    given.is_kept = length <= room;
    if (given.is_kept) {
      room -= length;
      rows.unshift(row);
    } else if (digest !== newest) all.delete(digest);
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(rows));
  } catch {
    // This browser has less room.
    sessionStorage.removeItem(KEY);
    all.forEach((given) => (given.is_kept = false));
  }
}
