//! A configuration before its keys are read: what the file, the environment and the flags say, each value with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::load::Given;
use super::problem::{Origin, Place, Problem, Problems};

/// Keys and values of a table.
pub(super) type Table = BTreeMap<String, Node>;

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: At,
}

/// Where a key and its value stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    /// Which of the [`Tree`]'s origins.
    origin: usize,
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

impl At {
    /// Whether the file says it; else it was said in the folder where the process runs.
    pub(super) fn is_in_file(&self) -> bool {
        self.origin == FILE
    }

    /// The key, and not the value.
    pub(super) fn of_key(&self) -> Self {
        Self { value: self.key.clone(), ..self.clone() }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// Of one beyond 128 bits the nearest.
    Integer(i128),
    Float(f64),
    Switch(bool),
    /// A date or a time of day, as it is written.
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, for who wrote something else.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Switch(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

const FILE: usize = 0;

/// What the file says, and over it what the environment and the flags do.
pub(super) struct Tree {
    origins: Vec<Origin>,
    text: String,
    pub(super) root: Table,
}

impl Tree {
    /// What the text of the file says.
    ///
    /// # Errors
    /// Where it is not TOML.
    pub(super) fn of_file(origin: Origin, text: String) -> Result<Self, Vec<Problem>> {
        let mut tree = Self { origins: vec![origin], text, root: Table::new() };
        let (table, errors) = DeTable::parse_recoverable(&tree.text);
        if errors.is_empty() {
            tree.root = table_of(table.get_ref(), FILE);
            return Ok(tree);
        }
        let problem = |error: toml::de::Error| {
            let end = tree.text.len();
            let span = error.span().unwrap_or(end..end);
            let at = At { origin: FILE, key: span.clone(), value: span };
            tree.problem(&at, String::new(), format!("this is not TOML: {}", error.message()), None)
        };
        let mut problems: Vec<_> = errors.into_iter().map(problem).collect();
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line, place.column)));
        Err(problems)
    }

    /// Sets a key, whatever was said of it before.
    pub(super) fn set(&mut self, origin: &Origin, path: &[String], given: &Given) -> Result<(), Problems> {
        let at = At { origin: self.origins.len(), ..At::default() };
        self.origins.push(origin.clone());
        let (last, tables) = path.split_last().expect("a key has a name");
        let mut table = &mut self.root;
        for (depth, name) in tables.iter().enumerate() {
            let new = || Node { value: Value::Table(Table::new()), at: at.clone() };
            let node = table.entry(name.clone()).or_insert_with(new);
            match &mut node.value {
                Value::Table(inner) => table = inner,
                other => {
                    let message = format!("{} is {} and has no keys", show_path(&path[..=depth]), other.kind());
                    return Err(Problems(vec![self.problem(&at, show_path(path), message, None)]));
                }
            }
        }
        let value = match given {
            Given::Text(text) => Value::Text(text.clone()),
            Given::Toml(text) => value_of_text(text, at.origin),
        };
        table.insert(last.clone(), Node { value, at });
        Ok(())
    }

    /// What is wrong at a place.
    pub(super) fn problem(&self, at: &At, key: String, message: String, remedy: Option<String>) -> Problem {
        let place = at.is_in_file().then(|| Place::of(&self.text, at.value.clone()));
        Problem { origin: self.origins[at.origin].clone(), place, key, message, remedy }
    }

    /// A place in a few words: `serve.toml:3:1`, or the name of what set it.
    pub(super) fn show(&self, at: &At) -> String {
        let problem = self.problem(at, String::new(), String::new(), None);
        problem.position().trim_end_matches(": ").to_owned()
    }

    /// What puts problems in the order in which one reads: the file first.
    pub(super) fn order(at: &At) -> (usize, usize) {
        (at.origin, at.value.start)
    }
}

/// The value of a flag or a variable: TOML if it is, else the text itself.
fn value_of_text(text: &str, origin: usize) -> Value {
    let document = format!("value = {text}");
    match DeTable::parse(&document) {
        Ok(table) if table.get_ref().len() == 1 && !text.contains('\n') => {
            let value = table.get_ref().iter().next().map(|(_, value)| value_of(value.get_ref(), origin));
            match value {
                Some(Value::Date(date)) => Value::Text(date),
                Some(value) => value,
                None => Value::Text(text.to_owned()),
            }
        }
        _ => Value::Text(text.to_owned()),
    }
}

/// The names of a key that is written with dots, as in TOML; none if it is not one key.
pub(super) fn path_of(key: &str) -> Option<Vec<String>> {
    if key.contains(['\n', '#', '=']) {
        return None;
    }
    let document = format!("{key} = 0");
    let table = DeTable::parse(&document).ok()?;
    let mut path = Vec::new();
    let mut table = table.get_ref();
    loop {
        let (name, value) = table.iter().next()?;
        path.push(name.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => return Some(path),
        }
    }
}

/// A key as TOML writes it.
pub(super) fn show_path(path: &[impl AsRef<str>]) -> String {
    path.iter().map(|name| show_name(name.as_ref())).collect::<Vec<_>>().join(".")
}

/// A name of a key as TOML writes it: in quotes if it needs them.
pub(super) fn show_name(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_bare { name.to_owned() } else { format!("{name:?}") }
}

fn table_of(table: &DeTable<'_>, origin: usize) -> Table {
    let mut read = Table::new();
    for (key, value) in table {
        let at = At { origin, key: key.span(), value: value.span() };
        // A table's own place is all that stands in it: its name says it better.
        let at = if matches!(value.get_ref(), DeValue::Table(_)) { at.of_key() } else { at };
        read.insert(key.get_ref().to_string(), Node { value: value_of(value.get_ref(), origin), at });
    }
    read
}

fn value_of(value: &DeValue<'_>, origin: usize) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let nearest = if number.as_str().starts_with('-') { i128::MIN } else { i128::MAX };
            Value::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(nearest))
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(switch) => Value::Switch(*switch),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => {
            let node = |value: &toml::Spanned<DeValue<'_>>| Node {
                value: value_of(value.get_ref(), origin),
                at: At { origin, key: value.span(), value: value.span() },
            };
            Value::List(list.iter().map(node).collect())
        }
        DeValue::Table(table) => Value::Table(table_of(table, origin)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::{Value, path_of, show_path, value_of_text};

    #[test]
    fn a_key_with_dots_is_read_as_toml_reads_it() {
        assert_eq!(path_of("server.listen").unwrap(), ["server", "listen"]);
        assert_eq!(path_of(r#"tenant.shop.env."a.b""#).unwrap(), ["tenant", "shop", "env", "a.b"]);
        for text in ["", "a.", ".a", "a b", "a = 1\nb", "a#", "[a]", "a..b"] {
            assert_eq!(path_of(text), None, "{text}");
        }
        assert_eq!(show_path(&["a", "b.c", ""]), r#"a."b.c"."""#);
    }

    #[test]
    fn a_value_of_a_flag_is_toml_or_else_text() {
        let read = |text: &str| format!("{:?}", value_of_text(text, 1));
        assert!(matches!(value_of_text("127.0.0.1:0", 1), Value::Text(text) if text == "127.0.0.1:0"));
        assert!(matches!(value_of_text("500ms", 1), Value::Text(_)) && matches!(value_of_text("", 1), Value::Text(_)));
        assert!(
            matches!(value_of_text("1_000", 1), Value::Integer(1000))
                && matches!(value_of_text("true", 1), Value::Switch(true))
        );
        assert!(matches!(value_of_text("\"12\"", 1), Value::Text(text) if text == "12"));
        assert!(matches!(value_of_text("1\nother = 2", 1), Value::Text(_)), "one value and no second key");
        assert!(read("[\"a\", \"b\"]").starts_with("List") && read("{ a = 1 }").starts_with("Table"));
        assert!(matches!(value_of_text("1979-05-27", 1), Value::Text(text) if text == "1979-05-27"));
    }
}
