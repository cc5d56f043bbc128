// The props of the workloads, drawn from a generator with a fixed seed: the same in every build.
let seed = 777;
const below = (n) => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return (seed >>> 8) % n; };
const stock = 'alpha beta gamma delta quick brown fox jumps over lazy dog lorem ipsum dolor sit amet "quoted" <b> & co naïve café 日本 done'.split(" ");
const words = (n) => Array.from({ length: n }, () => stock[below(stock.length)]).join(" ");
const list = (n, f) => Array.from({ length: n }, (_, i) => f(i));

export const w1 = { name: "world" };
export const w2 = { title: "Stock list", rows: list(200, (i) => ({ id: i, name: words(4), qty: below(500), price: below(99999) / 100, ok: !!below(2) })) };
export const w3 = {
  title: "Shop & Co", dict: { qty: "Quantity", add: "Add to cart", sold: "Sold out" },
  nav: list(8, (i) => ({ href: `/n${i}`, label: words(2), children: list(6, (j) => ({ href: `/n${i}/${j}`, label: words(2) })) })),
  products: list(68, (i) => ({
    id: i, name: words(3), price: below(200000) / 100, img: `/img/${i}.jpg`, desc: words(25), stock: below(5),
    tags: [...new Set([stock[below(12)], stock[below(12)], stock[below(12)]])],
    reviews: list(2, () => ({ who: words(1), stars: 1 + below(5), text: words(14) })),
  })),
};
