//! What is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One mistake in a configuration, or something in it that is likely to be one.
///
/// It is written as compilers write theirs: `serve.toml:3:10: server.listen: what is wrong; what would be right`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the key was set.
    pub origin: Origin,
    /// Where in the file; `None` if it was set elsewhere, or is about the file as a whole.
    pub place: Option<Place>,
    /// The key, with dots: `tenant.shop.limits.memory`. Empty if it is about none.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right, where that can be said.
    pub remedy: Option<String>,
}

/// Where a key was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the file.
    File(PathBuf),
    /// In a variable of the environment, of this name.
    Variable(String),
    /// By a flag of the command line, as it was written.
    Flag(String),
    /// Nowhere.
    Unset,
}

/// A place in the configuration's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// The line's text.
    pub text: String,
    /// The bytes of the line that it is about.
    pub span: Range<usize>,
}

impl Place {
    /// The place of these bytes of a text; of several lines the part on the first.
    pub(super) fn of(text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let in_line = (start - line_start).min(line.len());
        let end = line.floor_char_boundary(span.end.saturating_sub(line_start)).max(in_line);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            line: number(text[..start].matches('\n').count() + 1),
            column: number(line[..in_line].chars().count() + 1),
            text: line.to_owned(),
            span: in_line..end,
        }
    }
}

impl Problem {
    /// Where it is, with a colon and a space; empty if that is nowhere.
    pub fn position(&self) -> String {
        match (&self.origin, &self.place) {
            (Origin::File(path), Some(place)) => format!("{}:{}:{}: ", path.display(), place.line, place.column),
            (Origin::File(path), None) => format!("{}: ", path.display()),
            (Origin::Variable(name), _) => format!("{name}: "),
            (Origin::Flag(flag), _) => format!("{flag}: "),
            (Origin::Unset, _) => String::new(),
        }
    }

    /// What it is about and what is wrong, without the remedy.
    pub fn title(&self) -> String {
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        format!("{}{key}{}", self.position(), self.message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

/// All that is wrong with a configuration, in the order of the file; not empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

/// A line each.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\r\nü = \"é\" # x\nlast";
        let place = Place::of(text, 12..16);
        assert_eq!((place.line, place.column, place.text.as_str(), place.span), (2, 5, "ü = \"é\" # x", 5..9));
        let place = Place::of(text, 6..40);
        assert_eq!((place.line, place.column, place.span), (1, 6, 5..5));
        let place = Place::of(text, text.len()..text.len());
        assert_eq!((place.line, place.column, place.text.as_str()), (3, 5, "last"));
        assert_eq!(Place::of("", 0..0).column, 1);
    }
}
