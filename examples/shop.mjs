// A page of a small shop, with what front-end code does to a console. No framework, no npm.
const nativeError = console.error;
console.error = (...argv) => {
  nativeError("[shop]", ...argv);
};

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const html = (strings, ...values) =>
  strings.reduce((page, string, i) => page + [values[i - 1]].flat().map((value) => value?.raw ?? escape(value)).join("") + string);
const escape = (value) => String(value ?? "").replace(/[&<>"]/g, (character) => escapes[character]);
const raw = (text) => ({ raw: text });

const price = (cents) => `€${(cents / 100).toFixed(2)}`;

function card({ name, cents, stock }) {
  if (stock === 0) console.error(`${name} is sold out`);
  return raw(html`
    <li class="${stock ? "card" : "card sold-out"}"><h2>${name}</h2> <b>${price(cents)}</b> ${stock ? `${stock} left` : "sold out"}</li>`);
}

const products = [
  { name: "Mayfly & co", cents: 1250, stock: 3 },
  { name: "Lantern <small>", cents: 4900, stock: 0 },
  { name: 'Net, 30"', cents: 899, stock: 12 },
];

export async function render({ visitor = "visitor" }) {
  const found = await Promise.resolve(products);
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A shop for ${visitor}</title></head>
<body>
  <h1>Good day, ${visitor}</h1>
  <ul>${found.map(card)}
  </ul>
  <p>Rendered at ${new Date().toISOString()}, visit ${Math.floor(Math.random() * 1e6)}</p>
</body>
</html>
`;
}
