// `console.table`, drawn as Node draws it.
import { inspect } from "./inspecting.js";

/** How many rows and how many columns are drawn. */
const MOST_ROWS = 1000;
const MOST_COLUMNS = 100;

/** `data` as a table; nothing if it is no object, and so has no rows. */
export function table(data, columns) {
  if (data === null || typeof data !== "object") return undefined;
  const isMap = data instanceof Map;
  const rows = isMap ? [...data] : data instanceof Set ? [...data].entries() : Object.entries(data);
  const headers = new Set();
  const cells = [];
  let hasValues = false;
  for (const [index, row] of [...rows].slice(0, MOST_ROWS)) {
    const line = { index: isMap || data instanceof Set ? cells.length : index, key: isMap ? show(index) : undefined, values: new Map() };
    const isObject = row !== null && (typeof row === "object" || typeof row === "function") && !isMap;
    if (isObject) {
      for (const name of columns ?? Object.keys(row)) {
        if (headers.size >= MOST_COLUMNS && !headers.has(name)) continue;
        headers.add(name);
        if (Object.hasOwn(row, name)) line.values.set(name, show(row[name]));
      }
    } else {
      line.value = show(row);
      hasValues = true;
    }
    cells.push(line);
  }
  const indexName = isMap || data instanceof Set ? "(iteration index)" : "(index)";
  const head = [indexName, ...(isMap ? ["Key"] : []), ...headers, ...(hasValues ? ["Values"] : [])];
  const body = cells.map(({ index, key, values, value }) => [
    String(index),
    ...(isMap ? [key] : []),
    ...[...headers].map((name) => values.get(name) ?? ""),
    ...(hasValues ? [value ?? ""] : []),
  ]);
  return draw(head, body);
}

function show(value) {
  const depth = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0;
  return inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth });
}

function draw(head, body) {
  const widths = head.map((name, column) => Math.max(...[head, ...body].map((row) => [...row[column]].length)) + 2);
  const rule = (left, middle, right) => left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const line = (row) => `│${row.map((cell, column) => ` ${cell}${" ".repeat(widths[column] - [...cell].length - 1)}`).join("│")}│`;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...body.map(line), rule("└", "┴", "┘")].join("\n");
}
