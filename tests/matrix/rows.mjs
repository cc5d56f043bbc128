// The rows of the matrix: which app's entry is built by what, and what it is then asked.
//
// The apps are workspaces of one package. Two of them want different Reacts, and what they have in common is at the root, where a
// library finds the React of the root: so that is 19, and React 18 is below its own app.

const props = { title: 'A <shop> & "co"', count: 24 };
const page = "http://shop.test/?count=24";

/** `url`: the bundle answers requests. Without one it renders `props`. */
export const rows = [
  ...of("react-18", "webpack", "jsx", { string: {}, stream: { url: page }, pipeable: { url: page } }),
  ...of("react-19", "vite", "jsx", {
    string: {},
    stream: { url: page },
    edge: { url: page },
    pipeable: { url: page },
    prerender: {},
    fetching: { url: page },
    router: { url: "http://shop.test/items/2?from=a%20link" },
    query: {},
    styled: {},
    emotion: {},
    i18n: {},
  }),
  ...of("preact", "esbuild", "jsx", { string: { format: "iife" }, async: {}, stream: { url: page } }),
  ...of("vue", "vite", "js", {
    string: {},
    stream: { url: page },
    pipe: { url: page },
    router: { url: "http://shop.test/old/sp%C3%A4te/waren?q=a%20b" },
    query: {},
  }),
  ...of("svelte", "vite", "js", { string: {}, async: { url: page } }),
  ...of("solid", "vite", "jsx", { string: {}, async: {}, stream: { url: page } }),
  ...of("lit", "esbuild", "js", { string: {}, stream: { url: page } }),
  ...of("hono", "esbuild", "jsx", { stream: { url: "http://shop.test/shop/nets?q=%3Cb%3E", jsx: "hono/jsx" } }),
  ...of("node", "esbuild", "js", { modules: {}, streams: {} }),
];

function of(app, tool, extension, entries) {
  return Object.entries(entries).map(([name, row]) => ({ name: `${app}-${name}`, app, tool, entry: `${name}.${extension}`, props, ...row }));
}
