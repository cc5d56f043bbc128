import { render } from "preact-render-to-string";
import { Page } from "./page";

interface Env {
  GREETING?: string;
}

export default {
  fetch(request: Request, env: Env): Response {
    const url = new URL(request.url);
    if (url.pathname !== "/") return new Response("There is no such page.\n", { status: 404 });
    const name = url.searchParams.get("name") ?? "world";
    console.log("greeting %s", name);
    const html = render(<Page greeting={env.GREETING ?? "Hello"} name={name} />);
    return new Response(`<!doctype html>${html}`, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};
