//! Takes keys out of a table, each into its place in the configuration, and collects what is wrong.
//!
//! A key is read, bounded and documented by one line where it is taken: its name, its meaning, where it goes, what it is.

use std::cell::RefCell;
use std::collections::HashMap;

use super::kind::{Kind, Wrong};
use super::problem::Problem;
use super::tree::{At, Node, Table, Tree, Value, show_name};

/// A key that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// With dots: `tenant.NAME.limits.memory`.
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) bounds: String,
    pub(super) default: String,
    pub(super) meaning: &'static str,
}

/// What is collected while keys are taken.
pub(super) struct Reader {
    pub(super) tree: Tree,
    problems: RefCell<Vec<(At, Problem)>>,
    keys: RefCell<Vec<Key>>,
    /// Where each key that was set stands.
    places: RefCell<HashMap<String, At>>,
}

impl Reader {
    pub(super) fn new(tree: Tree) -> Self {
        Self { tree, problems: RefCell::default(), keys: RefCell::default(), places: RefCell::default() }
    }

    /// The whole configuration.
    pub(super) fn root(&self) -> Section<'_> {
        Section { reader: self, path: String::new(), at: None, table: self.tree.root.clone(), known: Vec::new() }
    }

    /// Where a key was set, if it was.
    pub(super) fn place(&self, path: &str) -> Option<At> {
        self.places.borrow().get(path).cloned()
    }

    /// Notes what is wrong with a key.
    pub(super) fn wrong(&self, at: &At, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.note(at, path, message.into(), Some(remedy.into()));
    }

    fn note(&self, at: &At, path: &str, message: String, remedy: Option<String>) {
        let problem = self.tree.problem(at, path.to_owned(), message, remedy);
        self.problems.borrow_mut().push((at.clone(), problem));
    }

    /// Whether something is wrong with this key.
    pub(super) fn is_wrong(&self, path: &str) -> bool {
        self.problems.borrow().iter().any(|(_, problem)| problem.key == path)
    }

    /// What is wrong, in the order in which one reads.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(at, _)| Tree::order(at));
        problems.into_iter().map(|(_, problem)| problem).collect()
    }

    /// The keys that were asked for, in that order.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.keys.borrow().clone()
    }
}

/// One table of the configuration.
pub(super) struct Section<'a> {
    reader: &'a Reader,
    path: String,
    /// Where it stands; `None` if it does not.
    at: Option<At>,
    /// What has not been taken yet.
    table: Table,
    known: Vec<&'static str>,
}

impl Section<'_> {
    /// A key that need not be there: without it the slot keeps the default that it has.
    pub(super) fn key<T>(&mut self, name: &'static str, meaning: &'static str, slot: &mut T, kind: &Kind<T>) {
        self.document(name, kind.name.into(), kind.bounds.clone(), kind.show(slot), meaning);
        if let Some(value) = self.take(name).and_then(|node| self.read(name, &node, kind)) {
            *slot = value;
        }
    }

    /// The same of one that may be none, which is called `none`.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        meaning: &'static str,
        none: &str,
        slot: &mut Option<T>,
        kind: &Kind<T>,
    ) {
        let default = slot.as_ref().map_or_else(|| none.to_owned(), |value| kind.show(value));
        self.document(name, kind.name.into(), kind.bounds.clone(), default, meaning);
        if let Some(value) = self.take(name).and_then(|node| self.read(name, &node, kind)) {
            *slot = Some(value);
        }
    }

    /// A key that a section must have.
    pub(super) fn required<T>(&mut self, name: &'static str, meaning: &'static str, slot: &mut T, kind: &Kind<T>) {
        self.document(name, kind.name.into(), kind.bounds.clone(), "required".into(), meaning);
        match self.take(name) {
            Some(node) => {
                if let Some(value) = self.read(name, &node, kind) {
                    *slot = value;
                }
            }
            None => {
                if let Some(at) = &self.at {
                    let remedy = format!("add {name} = …, a {}", kind.name);
                    self.reader.wrong(at, &self.path_of(name), "it is missing", remedy);
                }
            }
        }
    }

    /// A list, which takes the place of the default's.
    pub(super) fn list<T>(&mut self, name: &'static str, meaning: &'static str, slot: &mut Vec<T>, kind: &Kind<T>) {
        let default: Vec<_> = slot.iter().map(|value| kind.show(value)).collect();
        self.document(
            name,
            format!("list of {}", kind.name),
            kind.bounds.clone(),
            format!("[{}]", default.join(", ")),
            meaning,
        );
        let Some(node) = self.take(name) else { return };
        let Value::List(items) = &node.value else {
            let message = format!("{} where a list is wanted", node.value.kind());
            self.reader.wrong(
                &node.at,
                &self.path_of(name),
                message,
                "write the entries in brackets, as in [\"…\", \"…\"]",
            );
            return;
        };
        let of_item = |(index, item): (usize, &Node)| {
            let path = format!("{}[{index}]", self.path_of(name));
            self.reader.places.borrow_mut().insert(path.clone(), item.at.clone());
            match kind.read(item) {
                Ok(value) => Some(value),
                Err(Wrong { message, remedy }) => {
                    self.reader.note(&item.at, &path, message, remedy);
                    None
                }
            }
        };
        *slot = items.iter().enumerate().filter_map(of_item).collect();
    }

    /// Names with values as in JSON, added to the default's.
    pub(super) fn values(
        &mut self,
        name: &'static str,
        meaning: &'static str,
        slot: &mut serde_json::Map<String, serde_json::Value>,
    ) {
        self.document(name, "table of values as in JSON".into(), String::new(), "{}".into(), meaning);
        let Some(node) = self.take(name) else { return };
        let Value::Table(table) = node.value else {
            let message = format!("{} where a table is wanted", node.value.kind());
            self.reader.wrong(&node.at, &self.path_of(name), message, "write it as in { NAME = \"value\" }");
            return;
        };
        for (key, node) in table {
            let path = format!("{}.{}", self.path_of(name), show_name(&key));
            if let Some(value) = self.json(&path, node) {
                slot.insert(key, value);
            }
        }
    }

    fn json(&self, path: &str, node: Node) -> Option<serde_json::Value> {
        Some(match node.value {
            Value::Text(text) | Value::Date(text) => text.into(),
            Value::Switch(switch) => switch.into(),
            Value::Integer(number) => match i64::try_from(number) {
                Ok(number) => number.into(),
                Err(_) => {
                    self.reader.wrong(
                        &node.at,
                        path,
                        "the number has more than 64 bits",
                        "write it as text, in quotes",
                    );
                    return None;
                }
            },
            Value::Float(number) => match serde_json::Number::from_f64(number) {
                Some(number) => number.into(),
                None => {
                    self.reader.wrong(&node.at, path, "JSON has no such number", "write it as text, in quotes");
                    return None;
                }
            },
            Value::List(items) => {
                let item = |(index, node)| self.json(&format!("{path}[{index}]"), node);
                items.into_iter().enumerate().filter_map(item).collect::<Vec<_>>().into()
            }
            Value::Table(table) => {
                let item = |(key, node): (String, Node)| {
                    let value = self.json(&format!("{path}.{}", show_name(&key)), node)?;
                    Some((key, value))
                };
                serde_json::Value::Object(table.into_iter().filter_map(item).collect())
            }
        })
    }

    /// A section below this one. It is read even where it is not there, so that its keys are known.
    pub(super) fn section<R>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> R) -> R {
        self.known.push(name);
        let node = self.take(name);
        self.below(name, node, read)
    }

    /// Sections by names that the user gives; `placeholder` stands for one in the documentation.
    pub(super) fn each(&mut self, name: &'static str, placeholder: &str, mut read: impl FnMut(&str, &mut Section<'_>)) {
        self.section(name, |sections| {
            if sections.at.is_none() {
                sections.below(placeholder, None, |section| read(placeholder, section));
            }
            for (name, node) in std::mem::take(&mut sections.table) {
                sections.below(&show_name(&name), Some(node), |section| read(&name, section));
            }
        });
    }

    /// Sections that are entries of a list, as `[[NAME]]` writes them.
    pub(super) fn tables(&mut self, name: &'static str, mut read: impl FnMut(&mut Section<'_>)) {
        self.known.push(name);
        let Some(node) = self.take(name) else {
            self.below(&format!("{name}[]"), None, read);
            return;
        };
        let Value::List(items) = node.value else {
            let path = self.path_of(name);
            let message = format!("{} where sections are wanted", node.value.kind());
            self.reader.wrong(&node.at, &path, message, format!("write [[{path}]], and its keys below it, for each"));
            return;
        };
        for (index, item) in items.into_iter().enumerate() {
            self.below(&format!("{name}[{index}]"), Some(item), &mut read);
        }
    }

    fn below<R>(&self, name: &str, node: Option<Node>, read: impl FnOnce(&mut Section<'_>) -> R) -> R {
        let path = self.path_of(name);
        let (table, at) = match node {
            None => (Table::new(), None),
            Some(Node { value: Value::Table(table), at }) => {
                self.reader.places.borrow_mut().insert(path.clone(), at.clone());
                (table, Some(at))
            }
            Some(Node { value, at }) => {
                let message = format!("{} where a section is wanted", value.kind());
                self.reader.wrong(&at, &path, message, format!("write [{path}], and its keys below it"));
                (Table::new(), None)
            }
        };
        let mut section = Section { reader: self.reader, path, at, table, known: Vec::new() };
        let result = read(&mut section);
        section.end();
        result
    }

    /// Whether the configuration has this section.
    pub(super) fn is_there(&self) -> bool {
        self.at.is_some()
    }

    /// What is wrong with this section.
    pub(super) fn wrong(&self, message: impl Into<String>, remedy: impl Into<String>) {
        if let Some(at) = &self.at {
            self.reader.wrong(at, &self.path, message, remedy);
        }
    }

    /// What is wrong with a key that was taken.
    pub(super) fn wrong_key(&self, name: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let path = self.path_of(name);
        if let Some(at) = self.reader.place(&path) {
            self.reader.wrong(&at, &path, message, remedy);
        }
    }

    /// What has not been taken is no key.
    pub(super) fn end(self) {
        for (name, node) in &self.table {
            let path = self.path_of(&show_name(name));
            let near = |known: &&&str| strsim::damerau_levenshtein(known, name) <= 1 + name.len() / 4;
            let nearest = self.known.iter().filter(near).min_by_key(|known| strsim::damerau_levenshtein(known, name));
            let remedy = match nearest {
                Some(known) => format!("did you mean {known}?"),
                None if self.known.is_empty() => "take it out".into(),
                None => format!("there are {}", self.known.join(", ")),
            };
            let place = if self.path.is_empty() { "at the top".into() } else { format!("in [{}]", self.path) };
            self.reader.wrong(&node.at.of_key(), &path, format!("there is no such key {place}"), remedy);
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn document(&mut self, name: &'static str, kind: String, bounds: String, default: String, meaning: &'static str) {
        self.known.push(name);
        let path = self.path_of(name);
        self.reader.keys.borrow_mut().push(Key { path, kind, bounds, default, meaning });
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        let node = self.table.remove(name)?;
        self.reader.places.borrow_mut().insert(self.path_of(name), node.at.clone());
        Some(node)
    }

    fn read<T>(&self, name: &str, node: &Node, kind: &Kind<T>) -> Option<T> {
        match kind.read(node) {
            Ok(value) => Some(value),
            Err(Wrong { message, remedy }) => {
                self.reader.note(&node.at, &self.path_of(name), message, remedy);
                None
            }
        }
    }
}
