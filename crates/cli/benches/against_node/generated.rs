//! A bundle of 140,000 lines, as a large app's bundler writes it: 4,516 modules, each run at the top level.

use std::fmt::Write;

const LINES: usize = 140_000;

/// The bundle's text, the same each time: about 5 MB.
pub(crate) fn bundle() -> String {
    let mut text = HEAD.to_owned();
    let (head, tail) = (HEAD.lines().count(), TAIL.lines().count());
    let modules = (LINES - head - tail) / MODULE_LINES;
    for number in 0..modules {
        module(&mut text, number);
    }
    for line in head + modules * MODULE_LINES..LINES - tail {
        let _ = writeln!(text, "// line {line}");
    }
    text.push_str(TAIL);
    text
}

/// The props that its `render` takes.
pub(crate) const PROPS: &str = r#"{ "name": "cart & co", "first": 17, "cards": 40 }"#;

const HEAD: &str = r#"(() => {
"use strict";
const modules = [];
const define = (run) => modules.push(run({}));
class Base {
  constructor(name) {
    this.name = name;
  }
  title() {
    return this.name.replace("&", "&amp;");
  }
}
"#;

const TAIL: &str = r#"globalThis.render = ({ name, first, cards }) => {
  let html = "<ul>";
  for (let i = 0; i < cards; i++) {
    html += modules[(first + i * 127) % modules.length].make(name).html();
  }
  return html + "</ul>";
};
})();
"#;

const MODULE_LINES: usize = 31;

/// Three functions, a class with a constructor and a method, and six objects and arrays.
fn module(text: &mut String, n: usize) {
    let (rate, price, count, tag) = (n % 23, n % 97 + 1, n % 5 + 1, n % 61);
    let _ = write!(
        text,
        r#"define((exports) => {{
  function total{n}(items, rate) {{
    let sum = {n}; // begins at the number of the module, so that no two pages are the same by chance
    for (const item of items) {{
      sum += item.price * item.count;
    }}
    return Math.round(sum * (100 + rate)) / 100;
  }}
  class Card{n} extends Base {{
    constructor(name, items) {{
      super(name);
      this.items = items;
      this.id = "card-{n}";
    }}
    html() {{
      const sum = total{n}(this.items, defaults{n}.rate);
      const tags = defaults{n}.tags.join(" ");
      return `<li id="${{this.id}}" class="${{tags}}">${{this.title()}}: ${{sum}}</li>`;
    }}
  }}
  const defaults{n} = {{
    rate: {rate},
    label: "the label of module {n}, as a catalogue of messages would have it: in words, for people, at some length",
    tags: ["card", "tag-{tag}", "rate-{rate}"],
    items: [{{ price: {price}, count: {count} }}, {{ price: {tag}, count: 1 }}],
    make: (name) => new Card{n}(name, defaults{n}.items),
  }};
  exports.make = defaults{n}.make;
  exports.Card = Card{n}; // for other modules, which may make cards of their own
  return exports;
}});
"#
    );
}
