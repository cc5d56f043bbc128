import { render as renderTemplate } from "@lit-labs/ssr";
import { collectResult } from "@lit-labs/ssr/lib/render-result.js";
import { html, LitElement } from "lit";
import { classMap } from "lit/directives/class-map.js";

class ShopPrice extends LitElement {
  static properties = { value: { type: Number } };
  render() { return html`<b>${this.value.toFixed(2)}</b>`; }
}
customElements.define("shop-price", ShopPrice);

const row = (row) => html`<tr class=${classMap({ ok: row.ok })}><td>${row.id}</td><td>${row.name}</td><td><shop-price value=${row.price}></shop-price></td></tr>`;

export function render({ title, rows }) {
  return collectResult(renderTemplate(html`<main><h1>${title}</h1><table>${rows.map(row)}</table></main>`));
}
