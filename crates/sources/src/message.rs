//! What a bundler says.

use std::fmt;

use dayfly::Site;
use dayfly_bundler::code_frame;
use serde::Deserialize;

/// One thing that a bundler says, with its place as far as the bundler knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// What is wrong.
    pub text: String,
    /// In which file, relative to the project's folder.
    pub file: Option<String>,
    /// Counts from 1.
    pub line: Option<u32>,
    /// Counts from 0, in bytes.
    pub(crate) column: Option<u32>,
    pub(crate) length: Option<u32>,
    pub(crate) line_text: Option<String>,
    /// What the bundler says besides.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    /// The name of a module that is not there, if it is that of a package.
    pub(crate) missing: Option<String>,
}

impl Message {
    /// Where it is, if the bundler knows.
    pub fn at(&self) -> Option<Site> {
        Some(Site { file: self.file.clone()?, line: self.line?, column: self.column?.checked_add(1)? })
    }

    /// The line with what is wrong underlined, if the bundler shows it.
    pub fn frame(&self) -> Option<String> {
        let (at, line) = (self.at()?, self.line_text.as_deref()?);
        let start = (at.column as usize - 1).min(line.len());
        let end = start.saturating_add(self.length.unwrap_or(1) as usize);
        Some(code_frame(line, &at, start..end, &self.text))
    }

    /// What the bundler says besides, and what would help, each in a line.
    pub fn advice(&self) -> Vec<String> {
        let remedy = self.missing.as_deref().map(|module| {
            let package = package(module);
            if is_name(package) {
                return format!("`npm install {package}` installs the package, if that is its name");
            }
            let alias = module.split('/').next().unwrap_or_default();
            format!("no package is called so: if `{alias}` is an alias, the bundler's configuration or the tsconfig.json has to say of what")
        });
        self.notes.iter().cloned().chain(remedy).collect()
    }

    /// The message for a reader: what is wrong and where, the line, and what would help.
    pub fn report(&self) -> String {
        let advice = self.advice().into_iter().map(|advice| format!("  {advice}"));
        let parts: Vec<String> = [self.to_string()].into_iter().chain(self.frame()).chain(advice).collect();
        parts.join("\n")
    }
}

/// What is wrong and where, in a line.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match (self.at(), &self.file) {
            (Some(at), _) => write!(f, " ({at})"),
            (None, Some(file)) => write!(f, " ({file})"),
            (None, None) => Ok(()),
        }
    }
}

/// Whether npm can have a package of that name.
fn is_name(package: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
    };
    match package.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(package),
    }
}

/// The package that has a module: `@scope/name` or `name`, without what follows.
pub(crate) fn package(module: &str) -> &str {
    let parts = if module.starts_with('@') { 2 } else { 1 };
    module.match_indices('/').nth(parts - 1).map_or(module, |(end, _)| &module[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_belongs_to_a_package() {
        let modules = ["left-pad", "preact/hooks", "@scope/name", "@scope/name/deep/file.js", "@scope"];
        assert_eq!(modules.map(package), ["left-pad", "preact", "@scope/name", "@scope/name", "@scope"]);
    }

    #[test]
    fn an_alias_is_no_package_to_install() {
        let advice = |missing: &str| Message { missing: Some(missing.into()), ..Message::default() }.advice().remove(0);
        for module in ["@/pages/home", "~/home", "#own", "$lib/a.js", "virtual:pages"] {
            assert!(advice(module).starts_with("no package is called so: if `"), "{module}: {}", advice(module));
        }
        for module in ["left-pad/deep", "@scope/name", "lodash.merge", "3d"] {
            assert!(advice(module).starts_with("`npm install "), "{module}: {}", advice(module));
        }
    }

    #[test]
    fn a_message_shows_its_line_and_what_would_help() {
        let message = Message {
            text: "Could not resolve \"preact/hooks\"".into(),
            file: Some("src/entry.tsx".into()),
            line: Some(3),
            column: Some(7),
            length: Some(14),
            line_text: Some("import \"preact/hooks\";".into()),
            missing: Some("preact/hooks".into()),
            ..Message::default()
        };
        let report = message.report();
        assert!(
            report.starts_with("Could not resolve \"preact/hooks\" (src/entry.tsx:3:8)\n  |\n3 | import"),
            "{report}"
        );
        assert!(report.contains("|        ^^^^^^^^^^^^^^ Could not"), "{report}");
        assert!(report.ends_with("\n  `npm install preact` installs the package, if that is its name"), "{report}");
    }

    #[test]
    fn a_place_beyond_its_line_is_no_panic() {
        let mut message = Message { file: Some("a".into()), line: Some(0), column: Some(9), ..Message::default() };
        for line in [None, Some(""), Some("é"), Some("a line of text")] {
            message.line_text = line.map(Into::into);
            for (column, length) in [(0, 0), (1, 1), (9, 900), (u32::MAX, u32::MAX), (u32::MAX - 1, 0)] {
                (message.column, message.length) = (Some(column), Some(length));
                let _ = message.report();
            }
        }
    }
}
