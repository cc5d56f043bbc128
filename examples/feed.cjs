// A feed, as CommonJS: what webpack writes for Node, and what `require`s some of Node's modules.
//
//     dayfly render examples/feed.cjs
const path = require("node:path");
const { format } = require("node:util");

const posts = [
  { file: "posts/2024-02-29-leap-day.md", title: "A day more & why" },
  { file: "posts/2024-03-01-spring.md", title: "Spring" },
];

/** `posts/2024-02-29-leap-day.md` is the post `leap-day` of that day. */
function item({ file, title }, site) {
  const [, day, slug] = /^(\d+-\d+-\d+)-(.*)$/.exec(path.basename(file, ".md"));
  return format(
    "  <item><title>%s</title><link>%s</link><pubDate>%s</pubDate></item>\n",
    title.replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
    new URL(slug, site),
    new Date(`${day}T00:00Z`).toUTCString(),
  );
}

exports.render = ({ site = "https://feed.test/" }) => {
  const items = posts.map((post) => item(post, site)).join("");
  return `<?xml version="1.0"?>\n<rss version="2.0"><channel>\n  <title>Mayfly news</title>\n${items}</channel></rss>\n`;
};
