// Markdown as elements: read by marked, and built here of a few kinds of element, so that none of it is ever markup.

import { marked } from "marked";

import { h } from "./dom.js";

const PLAIN = { strong: "strong", em: "em", paragraph: "p", blockquote: "blockquote", list_item: "li", heading: "h4" };

export function markdown(text) {
  return marked.lexer(text).map(element);
}

function element(token) {
  const children = () => (token.tokens ? token.tokens.map(element) : [token.text ?? token.raw]);
  if (PLAIN[token.type]) return h(PLAIN[token.type], {}, children());
  switch (token.type) {
    case "space": return null;
    case "br": return h("br");
    case "list": return h(token.ordered ? "ol" : "ul", {}, token.items.map(element));
    case "code": return h("pre", { tabindex: "0" }, h("code", {}, token.text));
    case "codespan": return h("code", {}, token.text);
    case "text": return h("span", {}, children());
    case "link": return /^https?:/.test(token.href) ? h("a", { href: token.href, rel: "noreferrer", target: "_blank" }, children()) : h("span", {}, children());
    default: return token.raw;
  }
}
