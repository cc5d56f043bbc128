// Makes, cuts, compares and keeps strings at random: narrow and wide ones, names, slices, and sums of all kinds that are
// appended to in place. `render` gives a digest of all that was seen, which depends on `seed` alone: Node's is the same.
"use strict";

globalThis.render = ({ seed }) => {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const digest = (s) => {
    let sum = s.length;
    for (let i = 0; i < s.length; i += 1 + (s.length >> 6)) sum = (Math.imul(sum, 31) + s.charCodeAt(i)) | 0;
    return sum;
  };
  const literals = ["", "a", "key", "\u0101", "\u00e9", "div", "x".repeat(60), "\u4e2d".repeat(33), "0123456789".repeat(120)];
  const pool = literals.slice(), names = {}, map = new Map(), seen = [];
  let a = "", b = "", c = "", captured = "";
  const push = (s) => { captured += s; };
  const repeated = (s, t, times) => { for (let i = 0; i < times; i++) s += t; return s; };
  const steps = [
    (p) => { a += p; },
    (p, q) => { b = b + p + q; },
    (p) => { c = p + c; },
    (p) => push(p),
    (p, q) => { pool[random(pool.length)] = p + q; },
    (p) => { const length = p.length; pool.push(p.slice(random(length + 1), length)); },
    (p, q) => { names[p] = q; },
    (p, q) => { map.set(p, q); },
    () => { a = a + a.slice(random(a.length + 1)); if (a.length > 20000) a = a.slice(5000, 9000); },
    () => { if (b.length > 60000) b = ""; if (c.length > 30000) c = c.substring(100, 2000); },
    () => { seen.push(digest(a), digest(b), digest(captured)); if (captured.length > 200000) captured = ""; },
    (p, q) => { seen.push(p === q, p == q, p < q); },
    (p, q) => { pool.push(repeated(p, q, random(5))); },
    (p, q) => { let t = p; t += q; const u = t; t += p; t = t + q; seen.push(digest(u), digest(t)); },
    (p) => { names.x = (names.x || "") + p; if (names.x.length > 9000) names.x = ""; },
    (p, q) => { for (const key in { [p + q]: 1 }) { let name = key; name += "!"; seen.push(digest(key), digest(name)); } },
    () => { a += b.slice(0, random(300)); },
    (p, q) => { pool.push([p, q].join(random(2) ? "\u0102" : ",")); },
    (p, q, turn) => { b += `${p}${turn}${q}`; },
  ];
  for (let turn = 0; turn < 4000; turn++) {
    const p = pool[random(pool.length)], q = pool[random(pool.length)];
    steps[random(steps.length)](p, q, turn);
    if (pool.length > 60) pool.splice(literals.length, 20);
    for (let i = literals.length; i < pool.length; i++) if (pool[i].length > 5000) pool[i] = pool[i].slice(-37);
  }
  for (const [key, value] of map) seen.push(digest(key), digest(value));
  for (const key of Object.keys(names).sort()) seen.push(digest(key), digest(names[key]));
  seen.push(...literals, digest(a), digest(b), digest(c), digest(captured), ...pool.map(digest));
  const sum = seen.reduce((sum, it) => (Math.imul(sum, 33) + (typeof it === "string" ? digest(it) : Number(it))) | 0, 0);
  return `${sum} of ${seen.length}`;
};
