// `console.table`, drawn as Node draws it.
import { getStringWidth, inspect } from "./inspecting.js";

const { native } = globalThis.__bootstrap;

/** How many rows and how many columns are drawn, how much text of cells, and how much of a name. */
const MOST_ROWS = 1000;
const MOST_COLUMNS = 100;
const MOST_TEXT = 256 * 1024;
const MOST_NAME = 1000;

/** `data` as a table; nothing if it is no object, and so has no rows. */
export function table(data, columns) {
  if (data === null || typeof data !== "object") return undefined;
  const entries = entriesOf(data);
  return entries === undefined ? ofRows(data, columns) : ofEntries(entries);
}

/** What a map, a set or an iterator over one has: keys and values, or values alone. Nothing of anything else. */
function entriesOf(data) {
  const isPairs = { "Map": true, "Set": false, "Map Iterator": true, "Set Iterator": true }[native.classOf(data)];
  if (isPairs === undefined) return undefined;
  if (data instanceof Map) return { keys: first(data.keys()), values: first(data.values()) };
  if (data instanceof Set) return { values: first(data) };
  const [left, hasKeys] = native.previewEntries(data);
  if (!hasKeys) return { values: first(left) };
  const of = (remainder) => first(left.filter((_, index) => index % 2 === remainder));
  return { keys: of(0), values: of(1) };
}

function first(items) {
  const list = [];
  for (const item of items) {
    if (list.length === MOST_ROWS) break;
    list.push(item);
  }
  return list;
}

function ofEntries({ keys, values }) {
  const head = ["(iteration index)", ...(keys ? ["Key"] : []), "Values"];
  return draw(head, values, (value, index) => [show(index), ...(keys ? [show(keys[index])] : []), show(value)]);
}

function ofRows(data, columns) {
  const names = Object.keys(data).slice(0, MOST_ROWS);
  // An object, for its order: numbers come first.
  const headers = { __proto__: null };
  let hasValues = false;
  const rows = [];
  let length = 0;
  for (const name of names) {
    if (length > MOST_TEXT) break;
    const row = data[name];
    const isObject = row !== null && (typeof row === "object" || typeof row === "function");
    const cells = { __proto__: null };
    let value;
    if (isObject || columns !== undefined) {
      for (const column of columns ?? Object.keys(row)) {
        if (!(column in headers)) {
          if (Object.keys(headers).length === MOST_COLUMNS) break;
          headers[column] = true;
        }
        if (isObject && Object.hasOwn(row, column)) length += (cells[column] = show(row[column])).length;
      }
    } else {
      hasValues = true;
      length += (value = show(row)).length;
    }
    rows.push({ name, cells, value });
  }
  const shown = Object.keys(headers);
  const head = ["(index)", ...shown.map(cut), ...(hasValues ? ["Values"] : [])];
  return draw(head, rows, ({ name, cells, value }) =>
    [cut(name), ...shown.map((column) => cells[column] ?? ""), ...(hasValues ? [value ?? ""] : [])]);
}

function show(value) {
  const depth = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0;
  return inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth, used: 0 });
}

function cut(name) {
  return name.length > MOST_NAME ? `${name.slice(0, MOST_NAME)}…` : name;
}

/** `cellsOf` gives the cells of one of `rows`. */
function draw(head, rows, cellsOf) {
  const widths = head.map((name) => getStringWidth(name));
  const body = [];
  let length = 0;
  for (const [index, row] of rows.entries()) {
    if (length > MOST_TEXT) break;
    const cells = cellsOf(row, index).map((text, column) => {
      const width = getStringWidth(text);
      widths[column] = Math.max(widths[column], width);
      length += text.length;
      return { text, width };
    });
    body.push(cells);
  }
  const rule = (left, middle, right) => left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const line = (cells) => `│${cells.map(({ text, width }, column) => ` ${text}${" ".repeat(widths[column] - width)} `).join("│")}│`;
  const lines = [rule("┌", "┬", "┐"), line(head.map((text) => ({ text, width: getStringWidth(text) }))), rule("├", "┼", "┤")];
  let drawn = 0;
  for (const cells of body) {
    if (drawn > MOST_TEXT) break;
    drawn += lines[lines.push(line(cells)) - 1].length;
  }
  return [...lines, rule("└", "┴", "┘")].join("\n");
}
