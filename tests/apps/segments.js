// Where `Intl.Segmenter` cuts a text: `render` gives one line for each thing that was tried, and Node gives the same lines.
"use strict";

const texts = [
  "", "a", "Hello, world! How are you? I'm 3.14 years old.", "e\u0301a\u0308 \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7}",
  "a\r\nb\n\nc\td", "Mr. Smith went. He said \"No.\" Then left\u2026 ok", "\ud800a\udc00", "na\u00efve caf\u00e9s don't cost $1,234.50", "\u0928\u092e\u0938\u094d\u0924\u0947",
  "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440", "\ud55c\uad6d\uc5b4 \uac01", "foo_bar-baz.qux@a.test", "\u{1f44d}\u{1f3fd}x\u200by", "   ", "\u{1d49c}\u{1d49e}",
];

globalThis.render = () => {
  const lines = [];
  const say = (...values) => lines.push(JSON.stringify(values));
  for (const granularity of ["grapheme", "word", "sentence"]) {
    for (const text of texts) {
      const segments = new Intl.Segmenter("en", { granularity }).segment(text);
      say(granularity, [...segments]);
      for (const index of [undefined, 0, 1, 2.9, -1, text.length - 1, text.length, NaN, Infinity, "1"]) say(index, segments.containing(index));
    }
  }
  for (const attempt of [
    () => new Intl.Segmenter().resolvedOptions(),
    () => new Intl.Segmenter("de-DE", { granularity: "word" }).resolvedOptions(),
    () => new Intl.Segmenter(["fr"], { localeMatcher: "lookup" }).resolvedOptions().locale,
    () => Intl.Segmenter.supportedLocalesOf(["en", "de-DE", "zxx"]),
    () => Intl.Segmenter(),
    () => new Intl.Segmenter("en", null),
    () => new Intl.Segmenter("en", "word"),
    () => new Intl.Segmenter("en", { granularity: "line" }),
    () => [Intl.Segmenter.length, Intl.Segmenter.name, Intl.Segmenter.prototype.segment.name, Intl.Segmenter.prototype.segment.length],
    () => Object.getOwnPropertyNames(Intl.Segmenter.prototype),
    () => [`${new Intl.Segmenter()}`, `${new Intl.Segmenter().segment("a")[Symbol.iterator]()}`, `${new Intl.Segmenter().segment("a")}`],
    () => {
      const iterator = new Intl.Segmenter().segment("ab")[Symbol.iterator]();
      return [iterator.next(), iterator.next(), iterator.next(), iterator.next(), iterator[Symbol.iterator]() === iterator];
    },
    () => new Intl.Segmenter().segment(undefined).containing(0),
  ]) {
    try {
      say(attempt());
    } catch (error) {
      say(error.name);
    }
  }
  return lines.join("\n");
};
