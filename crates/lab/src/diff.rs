//! Two heap snapshots compared, as DevTools' Comparison does it: what is new, what is gone, by constructor and by what holds it.
//!
//! Any snapshot in V8's format will do, of whatever engine, as long as the two are of the same process: things are told apart by
//! their numbers.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum NotASnapshot {
    /// It is no JSON of that shape.
    #[error("it is no heap snapshot, as `dayfly leak snapshot` or DevTools writes one: {0}")]
    Json(#[from] serde_json::Error),
    /// A field that is needed is not there.
    #[error("its nodes or edges have no {0}")]
    Field(&'static str),
    /// A number leads nowhere.
    #[error("its {0} lead out of it")]
    OutOfBounds(&'static str),
}

/// What is different between two snapshots.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Bytes of the first one, and of the second one.
    pub bytes: [u64; 2],
    /// By constructor, the most growth first.
    pub constructors: Vec<Change>,
    /// What is new, by the shortest way to it from the root, the most bytes first.
    pub paths: Vec<Change>,
}

/// What came and went of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The constructor, or the way.
    pub name: String,
    /// How many are new, and their bytes.
    pub new: u64,
    /// Bytes of what is new.
    pub new_bytes: u64,
    /// How many are gone.
    pub deleted: u64,
    /// Bytes of what is gone.
    pub deleted_bytes: u64,
}

impl Change {
    /// How many more there are.
    pub fn delta(&self) -> i64 {
        self.new as i64 - self.deleted as i64
    }

    /// How many bytes more they have.
    pub fn delta_bytes(&self) -> i64 {
        self.new_bytes as i64 - self.deleted_bytes as i64
    }
}

#[derive(Deserialize)]
struct File {
    snapshot: Head,
    nodes: Vec<u64>,
    edges: Vec<u64>,
    strings: Vec<String>,
}

#[derive(Deserialize)]
struct Head {
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    node_fields: Vec<String>,
    node_types: Vec<serde_json::Value>,
    edge_fields: Vec<String>,
    edge_types: Vec<serde_json::Value>,
}

/// A snapshot, as far as it is compared.
struct Snapshot {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    strings: Vec<String>,
}

struct Node {
    type_: String,
    name: usize,
    id: u64,
    bytes: u64,
    first_edge: usize,
    edge_count: usize,
}

struct Edge {
    /// A name, or an index.
    name: Result<usize, u64>,
    is_weak: bool,
    to: usize,
}

/// Compares two snapshots: the texts of two files.
///
/// # Errors
/// [`NotASnapshot`], with the number of the one that is none: 0 or 1.
pub fn diff(before: &[u8], after: &[u8]) -> Result<Difference, (usize, NotASnapshot)> {
    let before = read(before).map_err(|error| (0, error))?;
    let after = read(after).map_err(|error| (1, error))?;
    let ids = |snapshot: &Snapshot| snapshot.nodes.iter().map(|node| node.id).collect::<HashSet<_>>();
    let (old, new) = (ids(&before), ids(&after));
    let mut constructors: BTreeMap<String, Change> = BTreeMap::new();
    for node in before.nodes.iter().filter(|node| !new.contains(&node.id)) {
        let change = constructors.entry(class(&before, node)).or_default();
        change.deleted += 1;
        change.deleted_bytes += node.bytes;
    }
    for node in after.nodes.iter().filter(|node| !old.contains(&node.id)) {
        let change = constructors.entry(class(&after, node)).or_default();
        change.new += 1;
        change.new_bytes += node.bytes;
    }
    let bytes = [&before, &after].map(|snapshot| snapshot.nodes.iter().map(|node| node.bytes).sum());
    let mut paths = new_paths(&after, &old);
    paths.sort_by(|a, b| b.new_bytes.cmp(&a.new_bytes).then_with(|| a.name.cmp(&b.name)));
    let mut constructors: Vec<Change> =
        constructors.into_iter().map(|(name, change)| Change { name, ..change }).collect();
    constructors.sort_by(|a, b| b.delta_bytes().cmp(&a.delta_bytes()).then_with(|| a.name.cmp(&b.name)));
    Ok(Difference { bytes, constructors, paths })
}

/// The name under which DevTools lists a node.
fn class(snapshot: &Snapshot, node: &Node) -> String {
    match node.type_.as_str() {
        "object" | "native" => snapshot.strings[node.name].clone(),
        "closure" => "Function".into(),
        "code" => "(compiled code)".into(),
        "hidden" => "(system)".into(),
        "regexp" => "RegExp".into(),
        other => format!("({other})"),
    }
}

/// How many edges of a way are named, from the end.
const MOST_STEPS: usize = 8;

/// What is new, by the way to the first new thing on the shortest way from the root: all that hangs on it counts with it.
fn new_paths(snapshot: &Snapshot, old: &HashSet<u64>) -> Vec<Change> {
    let count = snapshot.nodes.len();
    let mut came: Vec<Option<(usize, usize)>> = vec![None; count];
    let mut order = Vec::with_capacity(count);
    let mut queue = VecDeque::from([0]);
    let mut seen = vec![false; count];
    seen[0] = true;
    while let Some(node) = queue.pop_front() {
        order.push(node);
        let Node { first_edge, edge_count, .. } = snapshot.nodes[node];
        for index in first_edge..first_edge + edge_count {
            let edge = &snapshot.edges[index];
            if !edge.is_weak && !std::mem::replace(&mut seen[edge.to], true) {
                came[edge.to] = Some((node, index));
                queue.push_back(edge.to);
            }
        }
    }
    // The first new node above each new one.
    let mut tops: Vec<Option<usize>> = vec![None; count];
    let mut changes: HashMap<usize, Change> = HashMap::new();
    for node in order {
        let above = came[node].and_then(|(from, _)| tops[from]);
        let is_new = !old.contains(&snapshot.nodes[node].id);
        tops[node] = above.or(is_new.then_some(node));
        if let (Some(top), true) = (tops[node], is_new) {
            let change = changes.entry(top).or_default();
            change.new += 1;
            change.new_bytes += snapshot.nodes[node].bytes;
        }
    }
    let mut named: BTreeMap<String, Change> = BTreeMap::new();
    for (top, change) in changes {
        let name = path(snapshot, &came, top);
        let sum = named.entry(name.clone()).or_default();
        sum.name = name;
        sum.new += change.new;
        sum.new_bytes += change.new_bytes;
    }
    named.into_values().collect()
}

fn path(snapshot: &Snapshot, came: &[Option<(usize, usize)>], end: usize) -> String {
    let mut steps = Vec::new();
    let mut node = end;
    while let Some((from, edge)) = came[node] {
        if steps.len() == MOST_STEPS {
            steps.push("…".into());
            break;
        }
        steps.push(match snapshot.edges[edge].name {
            Ok(name) => snapshot.strings[name].clone(),
            // Elements of one array are one way.
            Err(_) => "[]".into(),
        });
        node = from;
    }
    steps.reverse();
    steps.join(" → ")
}

fn read(text: &[u8]) -> Result<Snapshot, NotASnapshot> {
    let File { snapshot: Head { meta }, nodes, edges, strings } = serde_json::from_slice(text)?;
    let place = |fields: &[String], name: &'static str| {
        fields.iter().position(|field| field == name).ok_or(NotASnapshot::Field(name))
    };
    let types = |types: &[serde_json::Value]| -> Vec<String> {
        let names = types.first().and_then(serde_json::Value::as_array);
        names.into_iter().flatten().map(|name| name.as_str().unwrap_or_default().to_owned()).collect()
    };
    let (node_types, edge_types) = (types(&meta.node_types), types(&meta.edge_types));
    let node_size = meta.node_fields.len();
    let edge_size = meta.edge_fields.len();
    let [type_, name, id, self_size, edge_count] =
        ["type", "name", "id", "self_size", "edge_count"].map(|field| place(&meta.node_fields, field));
    let (type_, name, id, self_size, edge_count) = (type_?, name?, id?, self_size?, edge_count?);
    let mut first_edge = 0;
    let mut read_nodes = Vec::with_capacity(nodes.len() / node_size);
    for fields in nodes.chunks_exact(node_size) {
        let node = Node {
            type_: node_types.get(fields[type_] as usize).cloned().unwrap_or_default(),
            name: fields[name] as usize,
            id: fields[id],
            bytes: fields[self_size],
            first_edge,
            edge_count: fields[edge_count] as usize,
        };
        if node.name >= strings.len() {
            return Err(NotASnapshot::OutOfBounds("names"));
        }
        first_edge += node.edge_count;
        read_nodes.push(node);
    }
    let [kind, name, to] = ["type", "name_or_index", "to_node"].map(|field| place(&meta.edge_fields, field));
    let (kind, name, to) = (kind?, name?, to?);
    let mut read_edges = Vec::with_capacity(edges.len() / edge_size);
    for fields in edges.chunks_exact(edge_size) {
        let type_ = edge_types.get(fields[kind] as usize).map(String::as_str).unwrap_or_default();
        let is_index = matches!(type_, "element" | "hidden");
        let edge = Edge {
            name: if is_index { Err(fields[name]) } else { Ok(fields[name] as usize) },
            is_weak: type_ == "weak",
            to: fields[to] as usize / node_size,
        };
        if edge.to >= read_nodes.len() || edge.name.is_ok_and(|name| name >= strings.len()) {
            return Err(NotASnapshot::OutOfBounds("edges"));
        }
        read_edges.push(edge);
    }
    if first_edge > read_edges.len() || read_nodes.is_empty() {
        return Err(NotASnapshot::OutOfBounds("edges"));
    }
    Ok(Snapshot { nodes: read_nodes, edges: read_edges, strings })
}
