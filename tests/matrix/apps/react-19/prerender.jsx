import { prerender } from "react-dom/static.edge";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export async function render({ count }) {
  const { prelude } = await prerender(<Page ask={source()} rows={rows(count)} />, { onError: (error) => console.error(error) });
  return new Response(prelude).text();
}
