//! What a file of JavaScript imports once it runs, by `import()`.

use crate::source::{Form, Source};

/// An `import()` whose specifier stands in it as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LazyImport {
    /// What it names.
    pub specifier: String,
    /// Whether that is all of it; otherwise what it begins with, as in `` import(`./pages/${name}.js`) ``.
    pub is_whole: bool,
    /// The byte of the text at which the call begins.
    pub at: usize,
}

/// What a source imports by `import()`, in its order, and whether it is read as a module.
///
/// Comments, strings and regular expressions are passed over. A specifier that is put together counts if it begins with `./` or
/// `../`. Where a `/` is taken for what it is not, only that line is misread.
pub fn lazy_imports(source: &Source) -> (Vec<LazyImport>, bool) {
    // Most bundles have none, and are not looked at any closer.
    if !source.text.match_indices("import").any(|(at, word)| is_call(source.text.as_bytes(), at + word.len())) {
        return (Vec::new(), source.form == Form::Module);
    }
    let mut reader = Reader::new(&source.text);
    reader.read();
    let is_module = match source.form {
        Form::Module => true,
        Form::Script => false,
        Form::Detect => reader.is_module,
    };
    (reader.found, is_module)
}

fn is_call(text: &[u8], at: usize) -> bool {
    text.get(trivia(text, at)) == Some(&b'(')
}

/// What stands before a token, as far as it says what a `/` or a `{` means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The end of a value: a `/` divides it, a `{` begins a block.
    Value,
    /// The end or the beginning of a statement.
    Statement,
    /// What a value has to follow.
    Operator,
    /// A dot: a name is that of a property.
    Dot,
    /// `if`, `while`, `for` or `with`, whose parentheses are no value.
    Control,
}

/// What was opened, and what its end is.
enum Open {
    Bracket {
        end: Before,
    },
    /// `${` in a template.
    Template,
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    before: Before,
    open: Vec<Open>,
    found: Vec<LazyImport>,
    is_module: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let mut reader = Self {
            text: text.as_bytes(),
            at: 0,
            before: Before::Statement,
            open: Vec::new(),
            found: Vec::new(),
            is_module: false,
        };
        if text.starts_with("#!") {
            reader.at = line_end(reader.text, 0);
        }
        reader
    }

    fn read(&mut self) {
        loop {
            self.at = trivia(self.text, self.at);
            let Some(&byte) = self.text.get(self.at) else { return };
            match byte {
                b'\'' | b'"' => self.string(byte),
                b'`' => {
                    self.at += 1;
                    self.template();
                }
                b'/' => self.slash(),
                b'(' => {
                    let end = if self.before == Before::Control { Before::Statement } else { Before::Value };
                    self.open(end, Before::Operator);
                }
                b'[' => self.open(Before::Value, Before::Operator),
                b'{' => self.brace(),
                b')' | b']' | b'}' => self.close(),
                b'.' if self.rest().starts_with(b"...") => self.token(3, Before::Operator),
                b'.' => self.token(1, Before::Dot),
                b';' => self.token(1, Before::Statement),
                b'=' if self.rest().starts_with(b"=>") => self.token(2, Before::Operator),
                // After a value they are its own.
                b'+' | b'-' if self.text.get(self.at + 1) == Some(&byte) => self.token(2, self.before),
                byte if is_name(byte) => self.word(),
                _ => self.token(1, Before::Operator),
            }
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn token(&mut self, length: usize, before: Before) {
        self.at += length;
        self.before = before;
    }

    fn open(&mut self, end: Before, before: Before) {
        self.open.push(Open::Bracket { end });
        self.token(1, before);
    }

    /// An object is a value, and a block ends as a statement does.
    fn brace(&mut self) {
        let is_body = self.text[..self.at].trim_ascii_end().ends_with(b"=>");
        let is_value = self.before == Before::Operator && !is_body;
        self.open(if is_value { Before::Value } else { Before::Statement }, Before::Statement);
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Template) if self.text[self.at] == b'}' => {
                self.at += 1;
                self.template();
            }
            Some(Open::Bracket { end }) => self.token(1, end),
            _ => self.token(1, Before::Value),
        }
    }

    /// Up to its end, or that of its line, as no string goes beyond that.
    fn string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == quote || byte == b'\n' {
                break;
            }
        }
        self.before = Before::Value;
    }

    /// Up to its end, or to where a value is put into it.
    fn template(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'`' => return self.token(1, Before::Value),
                b'$' if self.text.get(self.at + 1) == Some(&b'{') => {
                    self.open.push(Open::Template);
                    return self.token(2, Before::Operator);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    fn slash(&mut self) {
        match regular_expression(self.rest()) {
            Some(length) if self.before != Before::Value => self.token(length, Before::Value),
            _ => self.token(1, Before::Operator),
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let rest = self.rest();
        let length = rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
        if self.before == Before::Dot {
            return self.token(length, Before::Value);
        }
        let before = match &rest[..length] {
            b"if" | b"while" | b"for" | b"with" => Before::Control,
            b"else" | b"do" | b"try" | b"finally" => Before::Statement,
            b"return" | b"typeof" | b"case" | b"in" | b"of" | b"instanceof" | b"new" | b"void" | b"delete"
            | b"throw" | b"await" | b"yield" | b"default" | b"extends" => Before::Operator,
            b"import" => {
                self.import(start);
                Before::Value
            }
            b"export" => {
                self.is_module |= self.open.is_empty();
                Before::Statement
            }
            _ => Before::Value,
        };
        self.token(length, before);
    }

    fn import(&mut self, start: usize) {
        let text = self.text;
        let open = trivia(text, start + "import".len());
        match text.get(open) {
            Some(b'(') => {}
            Some(b'.') | None => return,
            Some(_) => {
                self.is_module |= self.open.is_empty();
                return;
            }
        }
        let from = trivia(text, open + 1);
        let Some(quote @ (b'\'' | b'"' | b'`')) = text.get(from) else { return };
        let Some(length) = text[from + 1..].iter().position(|byte| byte == quote || b"\\\n".contains(byte)) else {
            return;
        };
        let Ok(named) = std::str::from_utf8(&text[from + 1..from + 1 + length]) else { return };
        let after = from + 1 + length;
        let value = if *quote == b'`' { named.find("${") } else { None };
        let ends = text[after] == *quote && matches!(text.get(trivia(text, after + 1)), Some(b')' | b','));
        let is_whole = value.is_none() && ends;
        let specifier = &named[..value.unwrap_or(named.len())];
        if !specifier.is_empty() && (is_whole || specifier.starts_with("./") || specifier.starts_with("../")) {
            self.found.push(LazyImport { specifier: specifier.into(), is_whole, at: start });
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\' | 0x80..)
}

/// Where the next token begins: white space and comments are passed over.
fn trivia(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at..).unwrap_or_default() {
            [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => at += 1,
            [b'/', b'/', ..] => at = line_end(text, at),
            [b'/', b'*', rest @ ..] => {
                at += 2 + rest.windows(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 2);
            }
            _ => return at,
        }
    }
}

fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |length| at + length)
}

/// The length of what begins with a `/`, if it can be a regular expression: that ends on its line.
fn regular_expression(text: &[u8]) -> Option<usize> {
    let mut in_class = false;
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'\n' => return None,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, bool)> {
        let (found, _) = lazy_imports(&Source::new("app.mjs", text));
        for import in &found {
            assert!(text[import.at..].starts_with("import"), "{import:?}");
        }
        found.into_iter().map(|import| (import.specifier, import.is_whole)).collect()
    }

    #[test]
    fn imports_are_found_wherever_code_may_stand() {
        for text in [
            "export const render = async () => (await import('./a.js')).x",
            "import(/* webpackChunkName: 'b' */ \"./a.js\", { with: {} })",
            "const x = `${await import(`./a.js`)}`",
            "if (x) /'/.test(y); import('./a.js')",
            "const f = () => {}\n/`/.exec(s); import('./a.js')",
            "const n = a / 2; // '\nimport('./a.js') / 1",
            "const r = [/[/'\"]/, /`/g, x++ / 2]; import ( './a.js' ) // '",
            "x = { a: 1 } / 2 + '/'; y = b ? /'/ : 1; import('./a.js')",
            "#!/usr/bin/env node '\nlet é = `a${ { b: `}` }.b }'`; import('./a.js')",
            "return /\\/'/u; case /'/: `\\``; import('./a.js')",
        ] {
            assert_eq!(found(text), [("./a.js".to_owned(), true)], "{text}");
        }
    }

    #[test]
    fn what_is_no_import_is_not_found() {
        for text in [
            "// import('./a.js')",
            "/* import('./a.js') */ import.meta.url",
            "const s = \"import('./a.js')\" + 'import(\"./a.js\")' + `import('./a.js')`",
            "const r = /import('.\\/a.js')/",
            "module.import('./a.js'); module?.import('./a.js'); reimport('./a.js'); $import('./a.js')",
            "import(name); import('a' + name); import(`${name}.js`); import('a\\x62.js')",
            "import x from './a.js'; import('",
            "import(`",
            "/*",
            "'\\",
            "`${",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn of_a_specifier_that_is_put_together_the_beginning_is_found() {
        assert_eq!(found("import(`./pages/${name}.js`)"), [("./pages/".to_owned(), false)]);
        assert_eq!(found("import(\"../\" + chunk(1))"), [("../".to_owned(), false)]);
    }

    #[test]
    fn a_source_is_a_module_by_its_name_or_by_what_it_exports() {
        let is_module = |name: &str, text: &str| lazy_imports(&Source::new(name, text)).1;
        assert!(is_module("app.js", "import('./a.js'); export const render = 1"));
        assert!(is_module("app.js", "import 'node:path'; import('./a.js')"));
        assert!(is_module("app.mjs", "import('./a.js')"));
        assert!(!is_module("app.js", "import('./a.js'); exports.render = 1; x = { export: 1 }"));
        assert!(!is_module("app.cjs", "import('./a.js'); '\\nexport'"));
    }
}
