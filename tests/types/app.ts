// An app as its author writes one. What must be an error is marked, and it is one where a marked line has none.
/// <reference path="./dayfly.d.ts" />

interface Env {
  readonly NAME: string;
}

interface Cart {
  items: { name: string; price: number }[];
}

export const render: Dayfly.Render<Cart> = async ({ items }) => {
  await new Promise((done) => setTimeout(done, 1));
  console.table(items);
  return items.map(({ name, price }) => `${name}: ${price.toFixed(2)}`).join("\n");
};

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    ctx.waitUntil(Promise.resolve(url.searchParams.size));
    if (request.method === "POST") return Response.json(await request.json());
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    ctx.waitUntil(writer.write(new TextEncoder().encode(`hello ${env.NAME}`)).then(() => writer.close()));
    return new Response(readable, { headers: { "content-type": "text/plain" } });
  },
} satisfies Dayfly.Handler<Env>;

// A classic script's way; bytes are a page too.
globalThis.render = (props: Dayfly.Json) => new TextEncoder().encode(JSON.stringify(props));
setImmediate((text: string) => console.log(text), "later");
clearImmediate(setImmediate(() => {}));

export const number: Dayfly.Render = () =>
  // @ts-expect-error a number is no page
  7;

export const cart: Dayfly.Render<Cart> = ({ items }) =>
  // @ts-expect-error there is no such field
  items.map(({ weight }) => weight).join();

export const text = {
  // @ts-expect-error a string is no response
  fetch: () => "hello",
} satisfies Dayfly.Handler;

export const misspelt = {
  // @ts-expect-error it is `fetch` that is called
  onRequest: () => new Response(),
} satisfies Partial<Dayfly.Handler>;

export const waits = {
  fetch(request, env, ctx) {
    // @ts-expect-error what is waited for is a promise
    ctx.waitUntil("done");
    // @ts-expect-error the host has configured no such name
    return new Response(env.COLOUR);
  },
} satisfies Dayfly.Handler<Env>;
