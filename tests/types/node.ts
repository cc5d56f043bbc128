// An app that uses what Node has too, with the types of Node.
/// <reference path="./dayfly.d.ts" />
import { createHash } from "node:crypto";
import { ReadableStream as NodesStream } from "node:stream/web";

export const render: Dayfly.Render = async () => {
  const bytes: Buffer = Buffer.from("é");
  const env: NodeJS.ProcessEnv = process.env;
  for await (const piece of NodesStream.from(["a"])) console.log(piece);
  clearImmediate(setImmediate(() => {}));
  return `${createHash("sha256").update(bytes).digest("hex")} ${env.NODE_ENV} ${process.platform} ${process.version}`;
};
