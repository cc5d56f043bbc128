// What an ordinary app uses of the globals that TypeScript's own types lack, or have elsewhere.
/// <reference path="./dayfly.d.ts" />

export const render: Dayfly.Render = async () => {
  const stream = new Blob(["a"]).stream();
  let length = 0;
  for await (const piece of stream) length += piece.byteLength;
  const headers = new Headers({ a: "b" });
  for (const [name, value] of headers) length += name.length + value.length;
  for (const [name] of new URLSearchParams("a=b")) length += name.length;
  await fetch("https://a.test", { method: "POST", body: stream, duplex: "half" });
  const match = new URLPattern({ pathname: "/books/:id" }).exec("https://a.test/books/7");
  const mode: string | undefined = process.env.NODE_ENV;
  process.nextTick(() => {});
  return `${length} ${match?.pathname.groups.id} ${mode} ${process.cwd()} ${global === globalThis} ${typeof process.env.X}`;
};

// @ts-expect-error there is no other
new Request("https://a.test", { duplex: "full" });
// @ts-expect-error it is a method
new URLPattern().test = 7;
// @ts-expect-error there is no such field
new URLPattern().path;
clearImmediate(setImmediate(() => {}));
