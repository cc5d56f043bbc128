import { css, html, LitElement, nothing } from "lit";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { when } from "lit/directives/when.js";

class ShopPrice extends LitElement {
  static properties = { value: { type: Number }, big: { type: Boolean, reflect: true } };
  static styles = css`:host { font-weight: bold }`;
  render() { return html`<slot></slot>${this.value.toFixed(2)}`; }
}
customElements.define("shop-price", ShopPrice);

const line = (row) => html`<tr class=${classMap({ ok: row.ok })} style=${styleMap({ color: row.qty ? "black" : "red" })}><td>${row.name}</td><td><shop-price .value=${row.price} ?big=${row.ok}>€</shop-price></td></tr>`;

export const page = ({ title, rows }) => html`<main>
  <h1 title=${title}>${title}</h1>
  <table>${repeat(rows, (row) => row.id, line)}</table>
  ${when(rows.length > 100, () => html`<p>many</p>`, () => nothing)}
  ${unsafeHTML("<i>as it is</i>")}
</main>`;
