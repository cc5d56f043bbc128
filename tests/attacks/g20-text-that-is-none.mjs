// G20: halves of characters, NUL, separators of lines, and other text that is none, in each place where a text leaves the guest. What
// comes out is well-formed UTF-8, and a header with a line's end in it would be a second header.
const half = "\ud800",
  other = "\udfff";
const texts = [
  half,
  other,
  `${other}${half}`,
  `a${half}b`,
  "\0",
  "a\0b",
  "\u2028\u2029",
  "\u{10ffff}",
  "\ufeff",
  "\uffff",
  "\u202e",
  "\r",
  "\n",
  "\r\n\r\n",
  "\x7f",
  "\x80\xff",
  `${half}${half}${other}`,
  "e\u0301".repeat(100),
];
/** As UTF-8 has it: a half of a character is U+FFFD. */
const wellFormed = (text) => text.toWellFormed();
/** That such a header is refused, by each way to make one. */
const refuses = (name, value) => {
  for (const make of [
    () => new Headers({ [name]: value }),
    () => new Headers([[name, value]]),
    () => new Headers().append(name, value),
    () => new Headers().set(name, value),
    () => new Response("", { headers: { [name]: value } }),
    () => Response.json(1, { headers: [[name, value]] }),
  ]) {
    try {
      make();
      return `${JSON.stringify(name)}: ${JSON.stringify(value)} was taken`;
    } catch (error) {
      if (!(error instanceof TypeError)) return String(error);
    }
  }
};
const random = (seed) => () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0), seed >>> 8);
const attacks = {
  "a body of halves": {
    ends: ["ok"],
    async run() {
      for (const text of texts)
        if (
          new TextDecoder("utf-8", { ignoreBOM: true }).decode(await new Response(text).arrayBuffer()) !==
          wellFormed(text)
        )
          return `${JSON.stringify(text)} came back as another`;
    },
  },
  "a body of bytes that are no text": {
    ends: ["ok"],
    async run() {
      for (const bytes of [
        [0xff],
        [0xc0, 0x80],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xf8, 0x88, 0x80, 0x80, 0x80],
        [0xe2, 0x82],
        [0xf0, 0x9f],
      ]) {
        const text = await new Response(new Uint8Array(bytes)).text();
        if (!text.isWellFormed() || !text.includes("\ufffd")) return `${bytes} came as ${JSON.stringify(text)}`;
      }
    },
  },
  "bytes that are no text, read strictly": {
    ends: ["ok"],
    run: () => {
      for (const bytes of [[0xff], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
        try {
          return `it gave ${new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes))}`;
        } catch (error) {
          if (!(error instanceof TypeError)) return String(error);
        }
      }
    },
  },
  "halves over two pieces": {
    ends: ["ok"],
    async run() {
      const bytes = new TextEncoder().encode("\u{1f600}");
      const stream = new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
          controller.close();
        },
      });
      if ((await new Response(stream).text()) !== "\u{1f600}") return "a character broke";
      const encoder = new TextEncoderStream(),
        writer = encoder.writable.getWriter();
      writer.write("\ud83d");
      writer.write("\ude00");
      writer.write(half);
      writer.close();
      return (await new Response(encoder.readable).text()) === "\u{1f600}\ufffd" ? "held" : "a character broke";
    },
  },
  "encodeInto at each length": {
    ends: ["ok"],
    run: () => {
      for (const text of texts) {
        for (let length = 0; length < 12; length++) {
          const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(length));
          if (written > length || read > text.length) return `${read} and ${written} of ${length}`;
        }
      }
    },
  },
  "a half as the whole page": {
    ends: ["ok"],
    async run() {
      const bytes = new Uint8Array(await new Response(half).arrayBuffer());
      return bytes.join() === "239,191,189" ? "held" : bytes.join();
    },
  },
  "line ends in a header's value": {
    ends: ["ok"],
    run: () => {
      for (const value of [
        "a\r\nset-cookie: b=c", "a\nb", "a\rb", "a\0b", "a\r\n\r\n<script>", "a\n b", "\u010a", "\u560a\u560d",
      ]) {
        const came = refuses("x", value);
        if (came !== undefined) return came;
      }
    },
  },
  "line ends in a header's name": {
    ends: ["ok"],
    run: () => {
      for (const name of ["a\r\nb", "a b", "a:", "", "\0", "a\n", "\u010a", "é", half, "a\tb", "(", "a\x7f"]) {
        const came = refuses(name, "x");
        if (came !== undefined) return came;
      }
    },
  },
  "halves in a header's value": {
    ends: ["ok"],
    run: () => {
      for (const value of [half, "\u0100", "\u{1f600}", "\u2028"]) {
        const came = refuses("x", value);
        if (came !== undefined) return came;
      }
    },
  },
  "all bytes in a header's value": {
    ends: ["ok", "app-threw"],
    run: () => {
      const headers = new Headers();
      for (let byte = 1; byte < 256; byte++) {
        try {
          headers.append("x-bytes", `a${String.fromCharCode(byte)}b`);
        } catch (error) {
          if (![10, 13].includes(byte)) return `${byte}: ${error}`;
        }
      }
      return new Response("held", { headers });
    },
  },
  "a header of DEL and other signs": {
    ends: ["ok", "app-threw"],
    run: () => new Response("held", { headers: { "x-signs": "\x7f\x01\x1f\x80\xff" } }),
  },
  "line ends in a status's text": {
    ends: ["ok"],
    run: () => {
      for (const statusText of ["a\r\nb", "\0", "\n", "\u0100"]) {
        try {
          new Response("", { statusText });
          return `${JSON.stringify(statusText)} was taken`;
        } catch (error) {
          if (!(error instanceof TypeError)) return String(error);
        }
      }
    },
  },
  "line ends in a redirect": {
    ends: ["ok"],
    run: () => {
      const { headers } = Response.redirect("http://a/\r\nset-cookie: x\0\u2028" + half);
      return /^[\x21-\x7e]+$/.test(headers.get("location")) ? "held" : headers.get("location");
    },
  },
  "line ends in a cookie": { ends: ["ok"], run: () => refuses("set-cookie", "a=b\r\nset-cookie: c=d") },
  "line ends in a content type": {
    ends: ["ok"],
    run: () => {
      const { type } = new Blob(["x"], { type: "text/html\r\nx: y" });
      try {
        const value = new Response(new Blob(["x"], { type: "text/html\r\nx: y" })).headers.get("content-type");
        return value === null || !/[\r\n\0]/.test(value) ? "held" : JSON.stringify([type, value]);
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "line ends in a form": {
    ends: ["ok"],
    async run() {
      const form = new FormData();
      form.append('a"\r\nx: y', new File(["x"], 'b"\r\n\r\nz'));
      const text = await new Response(form).text();
      return /\r\nx: y|"\r\n\r\nz/.test(text) ? JSON.stringify(text) : "held";
    },
  },
  "line ends in an event's error": {
    ends: ["app-threw"],
    run: () => {
      throw new Error(`a\r\nb\0${half}\u2028`);
    },
  },
  "halves on the console": {
    ends: ["ok"],
    run: () => {
      for (const text of texts) console.log(text, { [text]: text }, [text], Symbol(text), new Error(text));
    },
  },
  "halves in an error": {
    ends: ["app-threw"],
    run: () => {
      throw Object.assign(new Error(half), { name: `${other}\0`, stack: `x${half}`, cause: new Error(other) });
    },
  },
  "halves as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw `${half}\0\r\n`;
    },
  },
  "halves in a function's name": {
    ends: ["app-threw"],
    run: () => {
      const own = {
        [`${half}\n\0`]() {
          throw new Error("x");
        },
      };
      own[`${half}\n\0`]();
    },
  },
  "halves in a URL": {
    ends: ["ok"],
    run: () => {
      for (const text of texts) {
        const url = new URL(`http://a/${text}?${text}#${text}`);
        if (!/^[\x21-\x7e]+$/.test(url.href)) return JSON.stringify(url.href);
        url.search = text;
        url.searchParams.append(text, text);
        if (!/^[\x21-\x7e]+$/.test(url.href)) return JSON.stringify(url.href);
      }
    },
  },
  "halves in a host's name": {
    ends: ["ok"],
    run: () => {
      for (const text of [
        half, "\0", "a b", "\u2028", "%00", "xn--a", "\u00ad", "a\u3002b..", "[::", "0x7f.1", "1.2.3.4.5", "\u{10ffff}",
      ]) {
        try {
          const { host } = new URL(`http://${text}/`);
          if (!/^[\x21-\x7e]+$/.test(host)) return JSON.stringify(host);
        } catch (error) {
          if (!(error instanceof TypeError)) return String(error);
        }
      }
    },
  },
  "halves through every door of the engine": {
    ends: ["ok"],
    run: () => {
      for (const text of texts) {
        for (const make of [
          () => btoa(text),
          () => atob(text),
          () => encodeURIComponent(text),
          () => Symbol.for(text),
          () => Buffer.from(text).toString("base64url"),
          () => Buffer.from(text, "utf16le").toString("hex"),
          () => JSON.parse(JSON.stringify(text)) === text,
          () => structuredClone(text) === text,
          () => new RegExp(text.replace(/[^\w]/gs, "\\$&")),
          () => text.normalize("NFKD").localeCompare(text),
          () => new Intl.NumberFormat(text),
          () => new URLPattern({ pathname: text }),
          () => performance.mark(text),
          () => console.count(text),
          () => crypto.subtle.digest(text, new Uint8Array()).catch(() => {}),
          () => new TextDecoder(text),
          () => new Date(text),
          () => process.env[text],
          () => new File([text], text, { type: text }).name,
          () => new Event(text).type,
          () => (0, eval)(`"${text.replace(/[\r\n]/g, "")}"`),
          () => text.toUpperCase().split("").join(""),
          () => new Function(text),
        ]) {
          try {
            if (make() === false) return `${make} of ${JSON.stringify(text)}`;
          } catch (error) {
            if (!(error instanceof Error || error instanceof DOMException)) return String(error);
          }
        }
      }
    },
  },
  "1,000 texts at random": {
    ends: ["ok"],
    times: 5,
    async run() {
      const next = random(crypto.getRandomValues(new Uint32Array(1))[0]);
      for (let i = 0; i < 1000; i++) {
        const text = String.fromCharCode(
          ...Array.from({ length: next() % 20 }, () => (next() % 2 ? 0xd800 + (next() % 2048) : next() % 65536)),
        );
        const bytes = new TextEncoder().encode(text);
        if (new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) !== wellFormed(text))
          return `${JSON.stringify(text)} came back as another`;
        if (!Buffer.from(text).toString().isWellFormed()) return `${JSON.stringify(text)} is no text as a Buffer`;
      }
    },
  },
};
