//! What a bundle is made from.

use dayfly::Site;

/// One file of JavaScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that stacks and console lines give for it. It becomes part of the bundle, so a name without a folder
    /// keeps builds in different folders alike.
    pub name: String,
    /// The text. A byte order mark at its start is not part of it.
    pub text: String,
    /// How it is to be read.
    pub form: Form,
    /// Props, as JSON, of a render before the snapshot is taken. What the app makes once and keeps, such as a table, a
    /// compiled template or a cache, is then in the bundle and no render's work; what it should not keep is there too.
    pub warm: Option<String>,
}

impl Source {
    /// A source whose form its name tells: `.mjs` is a module and `.cjs` a script; any other is detected.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, mut text) = (name.into(), text.into());
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let form = match name.rsplit_once('.') {
            Some((_, "mjs")) => Form::Module,
            Some((_, "cjs")) => Form::Script,
            _ => Form::Detect,
        };
        Self { name, text, form, warm: None }
    }
}

impl Source {
    /// Where the text says that its source map is (`//# sourceMappingURL=`): a URL, relative to the file's own, or `data:`
    /// with the map itself.
    pub fn map_url(&self) -> Option<&str> {
        let (_, url) = self.text.rsplit_once("\n//# sourceMappingURL=")?;
        // Only what ends the file says so; elsewhere it may be a string of the app's.
        let mut lines = url.lines();
        let url = lines.next()?.trim();
        lines.all(|line| line.trim().is_empty()).then_some(url)
    }

    /// The place of that byte of the text. Its column counts bytes, as the engine's do.
    ///
    /// # Panics
    /// If no character begins there.
    pub fn site(&self, at: usize) -> Site {
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let line = number(before.matches('\n').count() + 1);
        Site { file: self.name.clone(), line, column: number(at - start + 1) }
    }
}

/// How JavaScript is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a classic script if it parses as one, otherwise as an ES module.
    Detect,
    /// A classic script, which sets `globalThis.render`.
    Script,
    /// An ES module, which exports `render` or a default function.
    Module,
}

impl Form {
    /// The form's name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Script => "script",
            Self::Module => "module",
        }
    }
}
