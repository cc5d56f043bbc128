//! A heap in V8's format, as DevTools and memlab read it.
//!
//! The format is the writer's to keep: the order of the keys is part of it, all numbers are unsigned and have 32 bits, and each node
//! must be reached from the first one. Names are chosen so that those tools show what they show for V8.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use dayfly_bundler::Bundler;

use crate::heap::{EdgeKind, Heap, Kind, NodeId};
use crate::measure::{Births, CannotCheck, Options, Scenario, measure};

/// How many characters of a string are written: as V8 does it.
const MOST_CHARACTERS: usize = 1024;

/// How a snapshot is to be.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotOptions<'a> {
    /// Whether strings are replaced by their length and a number, which is the same for two that read the same and tells nothing
    /// else. Names stay where they are words, as a program has them: of properties, functions, classes, symbols. What an app
    /// makes keys of, as a path or an address, is replaced like a string; a key that reads like a word is not.
    pub redact: bool,
    /// In which run things were born, for the names of realms and for the timeline; none for the heap of one render.
    pub(crate) births: Option<&'a Births>,
    /// The numbers of things in snapshots of the same heap that came before.
    pub(crate) ids: Option<&'a Ids>,
}

impl Default for SnapshotOptions<'_> {
    fn default() -> Self {
        Self { redact: true, births: None, ids: None }
    }
}

/// Numbers that stay with a thing from one snapshot of a heap to the next. An address is used again, so what was born in another
/// run is another thing.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    numbers: HashMap<(u32, u32), u32>,
    next: u32,
}

impl Ids {
    /// The first number that is no synthetic node's. Odd, as those of V8's heap objects: the timeline passes over even ones.
    const FIRST: u32 = 1001;

    /// Gives a number to each node that has none.
    pub(crate) fn extend(&mut self, heap: &Heap<'_>, births: Option<&Births>) {
        // In the order of the runs, so that a timeline of last numbers divides them.
        let mut nodes: Vec<(u32, u32)> =
            heap.nodes.iter().map(|node| (birth(births, node.address), node.address)).collect();
        nodes.sort_unstable();
        for key in nodes {
            self.numbers.entry(key).or_insert_with(|| {
                self.next += 1;
                Self::FIRST + 2 * (self.next - 1)
            });
        }
    }

    fn of(&self, births: Option<&Births>, address: u32) -> u32 {
        self.numbers.get(&(birth(births, address), address)).copied().unwrap_or(Self::FIRST)
    }

    /// The last number that was given.
    fn last(&self) -> u32 {
        Self::FIRST + 2 * self.next.saturating_sub(1)
    }
}

fn birth(births: Option<&Births>, address: u32) -> u32 {
    births.map_or(0, |births| births.of(address))
}

/// V8's types of nodes, by their numbers.
#[derive(Clone, Copy)]
enum NodeType {
    Hidden = 0,
    String = 2,
    Object = 3,
    Code = 4,
    Closure = 5,
    RegExp = 6,
    Native = 8,
    Synthetic = 9,
    ConsString = 10,
    SlicedString = 11,
    Symbol = 12,
    BigInt = 13,
    Shape = 14,
}

/// V8's types of edges, by their numbers.
#[derive(Clone, Copy)]
enum EdgeType {
    Context = 0,
    Element = 1,
    Property = 2,
    Internal = 3,
    Shortcut = 5,
    Weak = 6,
}

/// How many numbers a node has.
const NODE_FIELDS: u32 = 7;

const META: &str = concat!(
    r#"{"snapshot":{"meta":{"#,
    r#""node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],"#,
    r#""node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","#,
    r#""concatenated string","sliced string","symbol","bigint","object shape"],"#,
    r#""string","number","number","number","number","number"],"#,
    r#""edge_fields":["type","name_or_index","to_node"],"#,
    r#""edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"#,
    r#""trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"#,
    r#""trace_node_fields":["id","function_info_index","count","size","children"],"#,
    r#""sample_fields":["timestamp_us","last_assigned_id"],"#,
    r#""location_fields":["object_index","script_id","line","column"]},"#,
);

/// What is said in place of strings and of names that may be data.
struct Redaction {
    is_on: bool,
    /// Of each text that was replaced, in the order in which they came: nothing of what it reads can be computed from it.
    numbers: HashMap<String, usize>,
}

impl Redaction {
    /// Longer words are made by programs and not by people.
    const LONGEST_WORD: usize = 40;

    fn number(&mut self, text: &str) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(text.to_owned()).or_insert(next)
    }

    /// A string as it is, or what may be said of it.
    fn string(&mut self, heap: &Heap<'_>, node: NodeId) -> String {
        let text = heap.string(node);
        if self.is_on {
            return format!("(a string of {} characters, #{})", heap.length(node), self.number(&text));
        }
        text.chars().take(MOST_CHARACTERS).collect()
    }

    /// A name as it is, if that is a word: `title`, `get size`, `<symbol Symbol.iterator>`, `#private`.
    fn name<'n>(&mut self, name: &'n str) -> Cow<'n, str> {
        let mut word = name.strip_prefix("<symbol ").and_then(|name| name.strip_suffix('>')).unwrap_or(name);
        for kind in ["get ", "set ", "bound ", "static "] {
            word = word.strip_prefix(kind).unwrap_or(word);
        }
        let word = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
        let word = word.strip_prefix(['#', '@']).unwrap_or(word);
        let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
        if !self.is_on || (word.len() <= Self::LONGEST_WORD && word.chars().all(is_of_a_word)) {
            return Cow::Borrowed(name);
        }
        format!("(a name of {} characters, #{})", name.chars().count(), self.number(name)).into()
    }
}

struct Texts {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Texts {
    fn of(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

struct Out {
    /// Type, name, id, bytes, edges.
    nodes: Vec<[u32; 5]>,
    edges: Vec<[u32; 3]>,
    texts: Texts,
}

impl Out {
    fn node(&mut self, type_: NodeType, name: &str, id: u32, bytes: u64) -> u32 {
        let name = self.texts.of(name);
        self.nodes.push([type_ as u32, name, id, u32::try_from(bytes).unwrap_or(u32::MAX), 0]);
        self.nodes.len() as u32 - 1
    }

    /// An edge of the node whose edges are being written.
    fn edge(&mut self, from: u32, type_: EdgeType, name: u32, to: u32) {
        self.edges.push([type_ as u32, name, to * NODE_FIELDS]);
        self.nodes[from as usize][4] += 1;
    }

    fn named(&mut self, from: u32, type_: EdgeType, name: &str, to: u32) {
        let name = self.texts.of(name);
        self.edge(from, type_, name, to);
    }
}

/// What V8 calls a table of top-level variables.
const SCRIPT_CONTEXT: &str = "system / ScriptContext";

/// The synthetic nodes, which come first.
const ROOT: u32 = 0;
const GC_ROOTS: u32 = 1;
const REALMS: u32 = 2;
const HANDLES: u32 = 3;
const META_MAPS: u32 = 6;

/// Writes a heap as a `.heapsnapshot`.
///
/// The bytes of all nodes together are what the allocator says that the heap has: what is no object's is in nodes of its own.
///
/// # Errors
/// What `to` says of a write.
pub fn write_snapshot(heap: &Heap<'_>, options: SnapshotOptions<'_>, to: impl Write) -> io::Result<()> {
    let own;
    let ids = match options.ids {
        Some(ids) => ids,
        None => {
            let mut fresh = Ids::default();
            fresh.extend(heap, options.births);
            own = fresh;
            &own
        }
    };
    let mut out =
        Out { nodes: Vec::new(), edges: Vec::new(), texts: Texts { numbers: HashMap::new(), texts: Vec::new() } };
    out.texts.of("<dummy>");
    let attributed: u64 = heap.nodes.iter().map(|node| u64::from(node.bytes)).sum();
    let rest = heap.bytes.saturating_sub(attributed + heap.of_atoms + heap.of_runtime);
    out.node(NodeType::Synthetic, "", 1, 0);
    out.node(NodeType::Synthetic, "(GC roots)", 3, 0);
    out.node(NodeType::Synthetic, "(Realms)", 5, 0);
    out.node(NodeType::Synthetic, "(Host handles)", 7, 0);
    let tables = [
        out.node(NodeType::Native, "system / names of properties, variables and functions", 9, heap.of_atoms),
        out.node(NodeType::Native, "system / QuickJS runtime and what is not attributed", 11, heap.of_runtime + rest),
    ];
    debug_assert_eq!(out.nodes.len() as u32, META_MAPS);
    // A map of maps for each realm: by it DevTools finds the realm of an object.
    let realm_number: HashMap<NodeId, u32> =
        heap.realms.iter().enumerate().map(|(at, realm)| (*realm, at as u32)).collect();
    for realm in &heap.realms {
        let id = ids.of(options.births, heap.nodes[*realm as usize].address);
        // Even, as of nothing that is in the heap, and so of no other node.
        out.node(NodeType::Shape, "system / Map", id + 1, 0);
    }
    let first = out.nodes.len() as u32;
    let special = special_names(heap, options.births);
    let mut redaction = Redaction { is_on: options.redact, numbers: HashMap::new() };
    for node in 0..heap.nodes.len() as NodeId {
        let (type_, name) = node_name(heap, node, &special, &mut redaction);
        let id = ids.of(options.births, heap.nodes[node as usize].address);
        out.node(type_, &name, id, heap.nodes[node as usize].bytes.into());
    }
    edges_of_roots(heap, &mut out, first, tables, options.births);
    let homes = homes(heap);
    for node in 0..heap.nodes.len() as NodeId {
        let realm = homes[node as usize].and_then(|realm| realm_number.get(&realm)).copied();
        // What a table of top-level variables has are variables: memlab says so of them.
        let are_variables = special.get(&node).is_some_and(|name| name == SCRIPT_CONTEXT);
        add_edges(heap, &mut out, first, node, realm, are_variables, &mut redaction);
    }
    orphans(&mut out);
    write(heap, &out, first, ids, options.births, to)
}

/// Global objects and tables of top-level variables have names of their own.
fn special_names(heap: &Heap<'_>, births: Option<&Births>) -> HashMap<NodeId, String> {
    let mut names = HashMap::new();
    for realm in &heap.realms {
        names.insert(*realm, format!("system / NativeContext / {}", realm_name(heap, *realm, births)));
        if let Some(global) = heap.named(*realm, "global_object") {
            names.insert(global, "global".into());
        }
        if let Some(table) = heap.named(*realm, "script_context_table") {
            names.insert(table, SCRIPT_CONTEXT.into());
        }
    }
    names
}

fn realm_name(heap: &Heap<'_>, realm: NodeId, births: Option<&Births>) -> String {
    match birth(births, heap.nodes[realm as usize].address) {
        0 if heap.realms.first() == Some(&realm) => "first".into(),
        0 => "realm".into(),
        run => format!("run #{run}"),
    }
}

fn node_name(
    heap: &Heap<'_>,
    node: NodeId,
    special: &HashMap<NodeId, String>,
    redaction: &mut Redaction,
) -> (NodeType, String) {
    let kind = heap.nodes[node as usize].kind;
    if let Some(name) = special.get(&node) {
        return (if kind == Kind::Realm { NodeType::Hidden } else { NodeType::Object }, name.clone());
    }
    match kind {
        Kind::Object => {
            let name = redaction.name(&heap.class_name(node)).into_owned();
            let type_ = if name == "RegExp" { NodeType::RegExp } else { NodeType::Object };
            // By a name that begins so memlab takes the file for one of another engine.
            (type_, if name.starts_with("Object(") { format!("[{name}]") } else { name })
        }
        Kind::Function => {
            let name = heap.function_name(node);
            let name = if name.is_empty() { "(anonymous)".into() } else { redaction.name(&name).into_owned() };
            (NodeType::Closure, name)
        }
        Kind::Code => {
            let name = heap.code_name(node);
            let name = if name.is_empty() { "(anonymous)".into() } else { name };
            let at =
                heap.place(node).map(|(file, line, column)| format!(" {file}:{line}:{column}")).unwrap_or_default();
            (NodeType::Code, format!("(shared function info) {name}{at}"))
        }
        Kind::Shape => (NodeType::Shape, "system / Map".into()),
        Kind::Cell => (NodeType::Hidden, "system / Cell".into()),
        Kind::Frame => (NodeType::Object, "system / Context".into()),
        Kind::Realm => (NodeType::Hidden, "system / NativeContext / realm".into()),
        Kind::String => {
            let type_ = if heap.edges(node).is_empty() { NodeType::String } else { NodeType::SlicedString };
            (type_, redaction.string(heap, node))
        }
        Kind::Rope => (NodeType::ConsString, format!("(a text of {} characters)", heap.length(node))),
        Kind::Symbol => {
            let name = format!("<symbol {}>", heap.string(node));
            (NodeType::Symbol, redaction.name(&name).into_owned())
        }
        Kind::BigInt => (NodeType::BigInt, "bigint".into()),
    }
}

fn edges_of_roots(heap: &Heap<'_>, out: &mut Out, first: u32, tables: [u32; 2], births: Option<&Births>) {
    out.edge(ROOT, EdgeType::Element, 1, GC_ROOTS);
    for (index, table) in tables.into_iter().enumerate() {
        out.edge(ROOT, EdgeType::Element, index as u32 + 2, table);
    }
    // What the root refers to by such an edge DevTools takes for the user's own.
    for realm in &heap.realms {
        if let Some(global) = heap.named(*realm, "global_object") {
            let name = format!("global / {}", realm_name(heap, *realm, births));
            if heap.nodes[*realm as usize].external > 0 {
                out.named(ROOT, EdgeType::Shortcut, &name, first + global);
            }
        }
    }
    out.edge(GC_ROOTS, EdgeType::Element, 1, REALMS);
    out.edge(GC_ROOTS, EdgeType::Element, 2, HANDLES);
    let outside = |node: &NodeId| heap.nodes[*node as usize].external > 0;
    for (index, realm) in heap.realms.iter().filter(|realm| outside(realm)).enumerate() {
        out.edge(REALMS, EdgeType::Element, index as u32 + 1, first + realm);
    }
    let handles =
        (0..heap.nodes.len() as NodeId).filter(|node| outside(node) && heap.nodes[*node as usize].kind != Kind::Realm);
    for (index, node) in handles.enumerate() {
        out.edge(HANDLES, EdgeType::Element, index as u32 + 1, first + node);
    }
    // The edges of the other synthetic nodes: none, but for the maps of maps.
    for (index, realm) in heap.realms.iter().enumerate() {
        out.named(META_MAPS + index as u32, EdgeType::Internal, "native_context", first + realm);
    }
}

/// The realm of each node: of a function the one that its code is of, of an object the one that its prototypes are of.
fn homes(heap: &Heap<'_>) -> Vec<Option<NodeId>> {
    let mut homes: Vec<Option<NodeId>> = vec![None; heap.nodes.len()];
    for realm in &heap.realms {
        homes[*realm as usize] = Some(*realm);
        for edge in heap.edges(*realm) {
            let kind = heap.nodes[edge.to as usize].kind;
            if edge.kind == EdgeKind::Internal && matches!(kind, Kind::Object | Kind::Function) {
                homes[edge.to as usize].get_or_insert(*realm);
            }
        }
    }
    for node in 0..heap.nodes.len() as NodeId {
        let kind = heap.nodes[node as usize].kind;
        if matches!(kind, Kind::Function | Kind::Code) {
            let realm = heap.named(node, "native_context").or_else(|| heap.named(node, "context"));
            homes[node as usize] = realm.or(homes[node as usize]);
        }
    }
    for node in 0..heap.nodes.len() as NodeId {
        let mut prototype = heap.prototype(node);
        for _ in 0..64 {
            let (None, Some(next)) = (homes[node as usize], prototype) else { break };
            homes[node as usize] = homes[next as usize];
            prototype = heap.prototype(next);
        }
    }
    // A shape, a variable, a string: of whom refers to it first.
    for node in 0..heap.nodes.len() as NodeId {
        let Some(home) = homes[node as usize] else { continue };
        for edge in heap.edges(node) {
            if !matches!(heap.nodes[edge.to as usize].kind, Kind::Object | Kind::Function | Kind::Code | Kind::Realm) {
                homes[edge.to as usize].get_or_insert(home);
            }
        }
    }
    homes
}

fn add_edges(
    heap: &Heap<'_>,
    out: &mut Out,
    first: u32,
    node: NodeId,
    realm: Option<u32>,
    are_variables: bool,
    redaction: &mut Redaction,
) {
    let from = first + node;
    let is_shape = heap.nodes[node as usize].kind == Kind::Shape;
    if let (true, Some(realm)) = (is_shape, realm) {
        out.named(from, EdgeType::Internal, "map", META_MAPS + realm);
    }
    for edge in heap.edges(node) {
        let to = first + edge.to;
        if edge.kind == EdgeKind::Element {
            out.edge(from, EdgeType::Element, edge.name, to);
            continue;
        }
        let type_ = match edge.kind {
            EdgeKind::Context => EdgeType::Context,
            EdgeKind::Property if are_variables => EdgeType::Context,
            EdgeKind::Property => EdgeType::Property,
            EdgeKind::Hint if heap.name(edge.name) == "__proto__" => EdgeType::Property,
            EdgeKind::Weak => EdgeType::Weak,
            _ => EdgeType::Internal,
        };
        let name = heap.name(edge.name);
        // The others are the engine's own, or stand in the code.
        let is_data = matches!(edge.kind, EdgeKind::Property | EdgeKind::Weak | EdgeKind::Hint);
        let name = if is_data { redaction.name(name) } else { name.into() };
        out.named(from, type_, &name, to);
    }
}

/// Hangs what is reached from nowhere under the handles: both readers want each node reached.
fn orphans(out: &mut Out) {
    let mut starts = Vec::with_capacity(out.nodes.len() + 1);
    starts.push(0);
    for node in &out.nodes {
        starts.push(starts[starts.len() - 1] + node[4] as usize);
    }
    let mut seen = vec![false; out.nodes.len()];
    let mut stack = vec![ROOT];
    let mut lost = Vec::new();
    let mut next = 0;
    loop {
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut seen[node as usize], true) {
                let own = starts[node as usize]..starts[node as usize + 1];
                stack.extend(out.edges[own].iter().map(|edge| edge[2] / NODE_FIELDS));
            }
        }
        let Some(at) = (next..out.nodes.len()).find(|at| !seen[*at]) else { break };
        next = at;
        lost.push(at as u32);
        stack.push(at as u32);
    }
    // The handles' edges are among the first ones.
    let end = starts[HANDLES as usize + 1];
    let count = out.nodes[HANDLES as usize][4];
    let added = lost
        .into_iter()
        .enumerate()
        .map(|(index, node)| [EdgeType::Element as u32, count + index as u32 + 1, node * NODE_FIELDS]);
    let added: Vec<_> = added.collect();
    out.nodes[HANDLES as usize][4] += added.len() as u32;
    out.edges.splice(end..end, added);
}

fn write(heap: &Heap<'_>, out: &Out, first: u32, ids: &Ids, births: Option<&Births>, to: impl Write) -> io::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 16, to);
    write!(
        to,
        "{META}\"node_count\":{},\"edge_count\":{},\"trace_function_count\":0}},\n\"nodes\":[",
        out.nodes.len(),
        out.edges.len()
    )?;
    for (index, [type_, name, id, bytes, edges]) in out.nodes.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        writeln!(to, "{comma}{type_},{name},{id},{bytes},{edges},0,0")?;
    }
    to.write_all(b"],\n\"edges\":[")?;
    for (index, [type_, name, node]) in out.edges.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        writeln!(to, "{comma}{type_},{name},{node}")?;
    }
    to.write_all(b"],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[")?;
    write!(to, "{}", samples(heap, ids, births))?;
    to.write_all(b"],\n\"locations\":[")?;
    let mut scripts = HashMap::new();
    let mut is_first = true;
    for node in 0..heap.nodes.len() as NodeId {
        if heap.nodes[node as usize].kind != Kind::Function {
            continue;
        }
        let Some((file, line, column)) = heap.place(node) else { continue };
        let next = scripts.len() + 1;
        let script = *scripts.entry(file).or_insert(next);
        let comma = if std::mem::take(&mut is_first) { "" } else { "," };
        // From 0 here.
        let (line, column) = (line.saturating_sub(1), column.saturating_sub(1));
        writeln!(to, "{comma}{},{script},{line},{column}", (first + node) * NODE_FIELDS)?;
    }
    to.write_all(b"],\n\"strings\":[")?;
    for (index, text) in out.texts.texts.iter().enumerate() {
        let comma = if index == 0 { "" } else { ",\n" };
        write!(to, "{comma}{}", serde_json::Value::from(text.as_str()))?;
    }
    to.write_all(b"]}\n")?;
    to.flush()
}

/// One sample a run: DevTools' timeline has a bar for what was born in each and is left.
fn samples(heap: &Heap<'_>, ids: &Ids, births: Option<&Births>) -> String {
    let mut last: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
    for node in &heap.nodes {
        let id = ids.of(births, node.address);
        let highest = last.entry(birth(births, node.address)).or_default();
        *highest = id.max(*highest);
    }
    let mut text = String::new();
    let mut highest = 0;
    for (run, id) in last {
        highest = id.max(highest);
        let comma = if text.is_empty() { "" } else { "," };
        text += &format!("{comma}{},{highest}", u64::from(run) * 1_000_000);
    }
    debug_assert!(highest <= ids.last());
    text
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum CannotSnapshot {
    /// The app cannot be run.
    #[error(transparent)]
    App(#[from] CannotCheck),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Runs a scenario, and writes a snapshot after each run that `at` names. `open` gives where the snapshot of a run goes. A thing has
/// the same number in all of them, and what was born in a run has a higher one than what is older.
///
/// # Errors
/// [`CannotSnapshot`].
///
/// # Panics
/// Outside a tokio runtime, or in one without timers (`enable_time`).
pub async fn snapshots<W: Write>(
    bundler: &Bundler,
    scenario: &Scenario,
    at: &[u32],
    redact: bool,
    mut open: impl FnMut(u32) -> io::Result<W>,
) -> Result<(), CannotSnapshot> {
    let runs = at.iter().copied().max().unwrap_or_default();
    let mut ids = Ids::default();
    let mut written = Ok(());
    let copy = |run: u32, memory: &[u8], births: &Births| {
        if written.is_ok() {
            written = one(memory, births, &mut ids, redact, || open(run));
        }
    };
    measure(bundler, scenario, runs, Options { at, ..Options::default() }, copy).await?;
    written
}

fn one<W: Write>(
    memory: &[u8],
    births: &Births,
    ids: &mut Ids,
    redact: bool,
    open: impl FnOnce() -> io::Result<W>,
) -> Result<(), CannotSnapshot> {
    let heap = Heap::read(memory).map_err(CannotCheck::Heap)?;
    ids.extend(&heap, Some(births));
    Ok(write_snapshot(&heap, SnapshotOptions { redact, births: Some(births), ids: Some(ids) }, open()?)?)
}
