//! What holds on to runs that are over: the ground truth, from the heap.
//!
//! Whatever is alive after the last run and was born in a run is held by something. An edge from what is older to what is born in
//! a run is an escape: there the run got out. Escapes are grouped by what holds them; a group grows if what it holds was born in
//! ever more runs, be it because it holds many, or because the newest run that it holds holds the one before.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::dominators::{Dominators, Graph};
use crate::heap::{Edge, EdgeKind, Heap, Kind, Node, NodeId};
use crate::measure::Births;
use crate::verdict::{Growth, growth};

/// Something that holds on to runs.
#[derive(Debug)]
pub(crate) struct Holder {
    /// What is written to, as a program would write it: `console.error`, `process._events.exit`, `cache` for a Map.
    pub(crate) path: String,
    /// The same without the last key: what has that key.
    pub(crate) owner: String,
    /// How the last key is to be thought of.
    pub(crate) how: How,
    /// The runs that what is held was born in, or that it holds in turn.
    pub(crate) runs: BTreeSet<u32>,
    /// What would be freed if all of it were let go, in bytes.
    pub(crate) retained: u64,
    /// What of the runs it keeps alive, be it alone or with other holders, in bytes.
    pub(crate) reached: u64,
    /// Whether an object that inherits from what has the last key is as good as that: no function is, nor a Map.
    pub(crate) is_inheritable: bool,
    /// Whether what the path names was put there by a run: a list, say, that the first one has made for all.
    pub(crate) is_made: bool,
    /// Whether a run's realm is of it, as it is if a function or an object of the app's is.
    pub(crate) holds_realm: bool,
    /// The way from the holder through the newest run to the one before, if one run holds the other.
    pub(crate) chain: Vec<Step>,
    /// What is held of the newest run.
    pub(crate) held: Step,
}

/// How something is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// By a property.
    Property,
    /// By an element of an array.
    Element,
    /// By an entry of a Map or a Set.
    Entry,
    /// By a promise that is not settled yet: what is to be done then.
    Reaction,
    /// By a variable of a closure that is older.
    Variable,
    /// By something that the language does not show.
    Internal,
    /// From outside the heap: a timer, a task, a listener of the engine's.
    Outside,
}

/// A node on the way from one run to another.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// By what the one before refers to it.
    pub(crate) by: String,
    /// What it is: `function f`, `the realm`, `Map`, ….
    pub(crate) what: String,
    /// The run that it was born in; 0 for before the first.
    pub(crate) run: u32,
    /// Where its code begins, if it is a function.
    pub(crate) at: Option<(String, u32, u32)>,
}

/// What is left of the runs.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Runs of which something is left.
    pub(crate) runs: BTreeSet<u32>,
    /// Runs whose realm is left.
    pub(crate) realms: BTreeSet<u32>,
    /// Bytes of what was born in runs and is left.
    pub(crate) bytes: u64,
    /// What holds it, the most first.
    pub(crate) holders: Vec<Holder>,
    /// What holds on to runs and is not come to from what is shared: mostly tables that the platform makes once.
    pub(crate) elsewhere: Vec<Holder>,
}

/// How many keys of one object hold a run each, at least, so that it is the object that is meant, and not each key.
const MANY_KEYS: usize = 4;

/// Finds what holds on to runs in a heap in which cycles have been collected.
pub(crate) fn find(heap: &Heap<'_>, births: &Births, names: &Names<'_>) -> Held {
    let birth: Vec<u32> =
        heap.nodes.iter().map(|node| if is_listed(node.kind) { births.of(node.address) } else { 0 }).collect();
    let mut held = Held::default();
    if birth.iter().all(|birth| *birth == 0) {
        return held;
    }
    let zone = Zone::new(heap, names);
    let root = heap.nodes.len() as u32;
    let dominators = Dominators::of(&graph(heap), root);
    let retained = dominators.retained(|node| heap.nodes.get(node as usize).map_or(0, |node| u64::from(node.bytes)));
    let mut starts = Vec::new();
    let [mut groups, mut elsewhere] = [(); 2].map(|()| HashMap::<_, Vec<(Edge, NodeId)>>::new());
    for from in 0..root {
        // A shape comes with its object.
        if birth[from as usize] > 0 || heap.nodes[from as usize].kind == Kind::Shape {
            continue;
        }
        let is_shared = zone.has(from);
        let edges = zone.edges(from);
        let escapes = || {
            let is_escape = |edge: &&Edge| {
                is_kept(heap, edge) && birth[edge.to as usize] > 0 && heap.nodes[edge.to as usize].kind != Kind::Shape
            };
            edges.iter().filter(is_escape)
        };
        // An object whose keys hold a run each is a dictionary.
        let by_key: BTreeSet<u32> =
            escapes().filter(|edge| edge.kind == EdgeKind::Property).map(|edge| birth[edge.to as usize]).collect();
        for edge in escapes() {
            // All elements of one array, and all entries of one Map, are one holder.
            let is_many = edge.kind == EdgeKind::Element
                || is_reaction(heap, from, edge)
                || heap.is_collection(from)
                || edge.kind == EdgeKind::Property && by_key.len() >= MANY_KEYS;
            let groups = if is_shared { &mut groups } else { &mut elsewhere };
            groups.entry((from, (!is_many).then_some(edge.name))).or_default().push((*edge, from));
            // What the platform keeps for itself, such as a table that is made once, is no run's.
            starts.extend(is_shared.then_some(edge.to));
        }
    }
    [held.holders, held.elsewhere] = [groups, elsewhere]
        .map(|groups| groups.into_values().map(|escapes| holder(heap, &birth, &zone, &retained, &escapes)).collect());
    let outside: Vec<NodeId> =
        (0..root).filter(|node| birth[*node as usize] > 0 && heap.nodes[*node as usize].external > 0).collect();
    held.holders.extend(outside.iter().map(|node| outside_holder(heap, &birth, &retained, *node)));
    starts.extend(outside);
    for node in reached(heap, &birth, starts) {
        held.runs.insert(birth[node as usize]);
        held.bytes += u64::from(heap.nodes[node as usize].bytes);
        if heap.nodes[node as usize].kind == Kind::Realm {
            held.realms.insert(birth[node as usize]);
        }
    }
    for holders in [&mut held.holders, &mut held.elsewhere] {
        holders.sort_by(|a, b| b.retained.cmp(&a.retained).then_with(|| a.path.cmp(&b.path)));
    }
    held
}

/// What was born in runs and is reached from these nodes, which were.
fn reached(heap: &Heap<'_>, birth: &[u32], mut stack: Vec<NodeId>) -> Vec<NodeId> {
    let mut seen = vec![false; heap.nodes.len()];
    let mut reached = Vec::new();
    while let Some(node) = stack.pop() {
        if birth[node as usize] == 0 || std::mem::replace(&mut seen[node as usize], true) {
            continue;
        }
        reached.push(node);
        stack.extend(heap.edges(node).iter().filter(|edge| is_kept(heap, edge)).map(|edge| edge.to));
    }
    reached
}

/// Whether an edge keeps what it leads to. A prototype is kept by the object's shape, which is no way that a program has.
fn is_kept(heap: &Heap<'_>, edge: &Edge) -> bool {
    match edge.kind {
        EdgeKind::Weak => false,
        EdgeKind::Hint => heap.name(edge.name) == "__proto__",
        _ => true,
    }
}

/// Bytes of shared objects after one run after another, by their addresses: what each has for itself, with its texts and numbers,
/// which have no births.
pub(crate) type OwnBytes = HashMap<u32, Series>;

/// What something weighed at one look after another. Most of a large heap weighs the same at all of them.
#[derive(Debug, Default)]
pub(crate) struct Series {
    looks: u32,
    first: u32,
    /// At which look it had other bytes than before, and how many.
    later: Vec<(u32, u32)>,
}

impl Series {
    fn push(&mut self, bytes: u64) {
        // The sandbox has less than 4 GiB.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if self.looks == 0 {
            self.first = bytes;
        } else if self.later.last().map_or(self.first, |(_, last)| *last) != bytes {
            self.later.push((self.looks, bytes));
        }
        self.looks += 1;
    }

    /// The bytes at each look, if they have changed.
    fn changed(&self) -> Option<Vec<u64>> {
        let starts = [(0, self.first)].into_iter().chain(self.later.iter().copied());
        let ends = self.later.iter().map(|(look, _)| *look).chain([self.looks]);
        let of_step = |((look, bytes), end): ((u32, u32), u32)| (look..end).map(move |_| u64::from(bytes));
        (!self.later.is_empty()).then(|| starts.zip(ends).flat_map(of_step).collect())
    }
}

/// Bytes of all that the shared objects hold, but for what is the platform's own. Those of each that is older than `warm_up` runs are
/// added to what it had before.
///
/// Without shapes: the engine keeps those that an object had before, up to a number, and then forgets all of them.
pub(crate) fn weigh(heap: &Heap<'_>, names: &Names<'_>, births: &Births, warm_up: u32, own: &mut OwnBytes) -> u64 {
    let zone = Zone::new(heap, names);
    let before = own.values().map(|known| known.looks).max().unwrap_or_default();
    let mut total = 0;
    for node in (0..heap.nodes.len() as NodeId).filter(|node| zone.has(*node)) {
        let Node { kind, address, bytes, .. } = heap.nodes[node as usize];
        if kind == Kind::Shape {
            continue;
        }
        total += u64::from(bytes);
        if is_listed(kind) && births.of(address) <= warm_up {
            let known = own.entry(address).or_default();
            // What is gone in between was another one.
            if known.looks == before {
                let values: u64 = values_of(heap, &zone, node).map(|edge| bytes_of_value(heap, edge.to)).sum();
                known.push(u64::from(bytes) + values);
            }
        }
    }
    total
}

/// The edges to what is an owner's own: its values that are no objects.
fn values_of<'z>(heap: &'z Heap<'_>, zone: &'z Zone<'_, '_>, node: NodeId) -> impl Iterator<Item = &'z Edge> {
    let is_value = |edge: &&Edge| {
        let kind = heap.nodes[edge.to as usize].kind;
        !matches!(edge.kind, EdgeKind::Weak | EdgeKind::Hint) && !is_listed(kind)
    };
    zone.edges(node).iter().filter(is_value)
}

/// A text that was put together is made of others.
fn bytes_of_value(heap: &Heap<'_>, value: NodeId) -> u64 {
    if heap.edges(value).is_empty() {
        return heap.nodes[value as usize].bytes.into();
    }
    let (mut bytes, mut stack, mut seen) = (0, vec![value], BTreeSet::new());
    while let Some(node) = stack.pop() {
        if !seen.insert(node) {
            continue;
        }
        bytes += u64::from(heap.nodes[node as usize].bytes);
        let parts = heap.edges(node).iter().filter(|edge| !is_listed(heap.nodes[edge.to as usize].kind));
        stack.extend(
            parts.filter(|_| matches!(heap.nodes[node as usize].kind, Kind::Rope | Kind::String)).map(|edge| edge.to),
        );
    }
    bytes
}

/// A shared object that grows by values that are no objects.
#[derive(Debug)]
pub(crate) struct Grown {
    /// What grows, as a program would write it: the object, or the key of it that is most of the growth.
    pub(crate) path: String,
    /// Whether it is a text that grows itself, and not what has ever more of them.
    pub(crate) is_text: bool,
    /// Bytes by which it has.
    pub(crate) bytes: u64,
    /// Bytes that a run adds.
    pub(crate) bytes_per_run: u64,
}

/// What grows the most for itself.
pub(crate) fn most_grown(heap: &Heap<'_>, names: &Names<'_>, own: &OwnBytes) -> Option<Grown> {
    let zone = Zone::new(heap, names);
    let looks = own.values().map(|known| known.looks).max()?;
    let growths = (0..heap.nodes.len() as NodeId).filter(|node| zone.has(*node)).filter_map(|node| {
        let known = own.get(&heap.nodes[node as usize].address).filter(|known| known.looks == looks)?;
        let sizes = known.changed()?;
        let Growth { is_growing, bytes_per_run } = growth(&sizes);
        is_growing.then(|| (bytes_per_run, node, sizes[sizes.len() - 1].saturating_sub(sizes[0])))
    });
    let (bytes_per_run, node, bytes) = growths.max()?;
    let owner = zone.path(node);
    let is_variable = heap.nodes[node as usize].kind == Kind::Cell;
    // One text that is most of it is meant itself.
    let largest = values_of(heap, &zone, node).max_by_key(|edge| bytes_of_value(heap, edge.to));
    let key = largest
        .filter(|edge| edge.kind == EdgeKind::Property && !is_variable && bytes_of_value(heap, edge.to) * 2 > bytes);
    let path = match key {
        Some(edge) => member(&owner, &heap_name(heap, edge)),
        None => owner,
    };
    Some(Grown { path, is_text: key.is_some(), bytes, bytes_per_run })
}

fn is_listed(kind: Kind) -> bool {
    !matches!(kind, Kind::String | Kind::Rope | Kind::Symbol | Kind::BigInt)
}

/// The heap with a root that holds what is held from outside.
pub(crate) fn graph(heap: &Heap<'_>) -> Graph {
    let root = heap.nodes.len() as u32;
    Graph::new(heap.nodes.len() + 1, || {
        let roots = (0..root).filter(|node| heap.nodes[*node as usize].external > 0).map(move |node| (root, node));
        let edges = (0..root).flat_map(|from| {
            let strong = heap.edges(from).iter().filter(|edge| !matches!(edge.kind, EdgeKind::Weak | EdgeKind::Hint));
            strong.map(move |edge| (from, edge.to))
        });
        roots.chain(edges)
    })
}

/// What holds these escapes, and the run that it was born in itself.
fn holder(heap: &Heap<'_>, birth: &[u32], zone: &Zone<'_, '_>, retained: &[u64], escapes: &[(Edge, NodeId)]) -> Holder {
    let (edge, from) = escapes.iter().max_by_key(|(edge, _)| birth[edge.to as usize]).expect("a group has an escape");
    let owner = zone.path(*from);
    let is_collection = heap.is_collection(*from);
    let name = heap_name(heap, edge);
    // What is held may itself be what holds the many: a list of the server's that it made in the first run.
    let is_list = heap.is_array(edge.to) || heap.is_collection(edge.to);
    let is_dictionary = edge.kind == EdgeKind::Property && escapes.len() > 1;
    let how = match edge.kind {
        _ if is_dictionary => How::Entry,
        EdgeKind::Property | EdgeKind::Element if is_list => How::Element,
        EdgeKind::Element => How::Element,
        EdgeKind::Property | EdgeKind::Hint => How::Property,
        EdgeKind::Context => How::Variable,
        _ if is_reaction(heap, *from, edge) => How::Reaction,
        _ if is_collection || name == OF_WEAK_MAP => How::Entry,
        _ if heap.nodes[*from as usize].kind == Kind::Cell => How::Variable,
        _ => How::Internal,
    };
    let path = match how {
        How::Property | How::Element if matches!(edge.kind, EdgeKind::Property | EdgeKind::Hint) => {
            member(&owner, &name)
        }
        How::Element if escapes.len() == 1 => format!("{owner}[{name}]"),
        How::Entry if name == OF_WEAK_MAP => format!("{owner} ({name})"),
        How::Element | How::Entry | How::Reaction => owner.clone(),
        How::Variable if heap.nodes[*from as usize].kind == Kind::Cell => owner.clone(),
        _ => format!("{owner} ({name})"),
    };
    let mut runs = BTreeSet::new();
    for (edge, _) in escapes {
        runs.insert(birth[edge.to as usize]);
    }
    let (others, chain) = beyond(heap, birth, edge.to);
    runs.extend(others);
    let targets: BTreeSet<NodeId> = escapes.iter().map(|(edge, _)| edge.to).collect();
    let reached = reached(heap, birth, targets.iter().copied().collect());
    // Of a list the list is meant.
    let owner = if is_list && !is_dictionary && edge.kind != EdgeKind::Context { path.clone() } else { owner };
    Holder {
        path,
        owner,
        how,
        runs,
        retained: targets.iter().map(|node| retained[*node as usize]).sum(),
        reached: bytes_of(heap, &reached),
        is_inheritable: heap.is_plain(*from),
        is_made: !is_dictionary && edge.kind == EdgeKind::Property,
        holds_realm: reached.iter().any(|node| heap.nodes[*node as usize].kind == Kind::Realm),
        chain,
        held: step(heap, birth, String::new(), edge.to),
    }
}

fn bytes_of(heap: &Heap<'_>, nodes: &[NodeId]) -> u64 {
    nodes.iter().map(|node| u64::from(heap.nodes[*node as usize].bytes)).sum()
}

fn outside_holder(heap: &Heap<'_>, birth: &[u32], retained: &[u64], node: NodeId) -> Holder {
    let (mut runs, chain) = beyond(heap, birth, node);
    runs.insert(birth[node as usize]);
    let held = step(heap, birth, String::new(), node);
    let path = format!("(outside the heap) {}", held.what);
    let retained = retained[node as usize];
    let reached = bytes_of(heap, &reached(heap, birth, vec![node]));
    Holder {
        owner: path.clone(),
        path,
        how: How::Outside,
        runs,
        retained,
        reached,
        is_inheritable: false,
        is_made: false,
        holds_realm: true,
        chain,
        held,
    }
}

/// The runs beside its own that something holds, and the shortest way to one of them.
fn beyond(heap: &Heap<'_>, birth: &[u32], start: NodeId) -> (BTreeSet<u32>, Vec<Step>) {
    let run = birth[start as usize];
    let mut came: HashMap<NodeId, (NodeId, Edge)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    let (mut runs, mut way) = (BTreeSet::new(), Vec::new());
    let mut seen: std::collections::HashSet<NodeId> = [start].into();
    while let Some(node) = queue.pop_front() {
        for edge in heap.edges(node) {
            let (to, its) = (edge.to, birth[edge.to as usize]);
            let keeps = !matches!(edge.kind, EdgeKind::Weak) && is_listed(heap.nodes[to as usize].kind);
            // What is older than all runs is the server's, by which a run reaches all others.
            if !keeps || its == 0 || heap.nodes[to as usize].kind == Kind::Shape || !seen.insert(to) {
                continue;
            }
            came.insert(to, (node, *edge));
            if its != run {
                if way.is_empty() {
                    way = way_to(heap, birth, &came, start, to);
                }
                runs.insert(its);
            }
            queue.push_back(to);
        }
    }
    (runs, way)
}

fn way_to(
    heap: &Heap<'_>,
    birth: &[u32],
    came: &HashMap<NodeId, (NodeId, Edge)>,
    start: NodeId,
    end: NodeId,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut node = end;
    while node != start {
        let (from, edge) = came[&node];
        steps.push(step(heap, birth, heap_name(heap, &edge), node));
        node = from;
    }
    steps.push(step(heap, birth, String::new(), start));
    steps.reverse();
    steps
}

fn step(heap: &Heap<'_>, birth: &[u32], by: String, node: NodeId) -> Step {
    let what = if by == "script_context_table" { "the top-level variables".into() } else { describe(heap, node) };
    Step { by, what, run: birth[node as usize], at: heap.place(node) }
}

fn heap_name(heap: &Heap<'_>, edge: &Edge) -> String {
    match heap.name(edge.name) {
        _ if edge.kind == EdgeKind::Element => edge.name.to_string(),
        PREPARE_STACK => "prepareStackTrace".into(),
        name => name.to_owned(),
    }
}

/// Where a realm keeps what is written to `Error.prepareStackTrace`, which is an accessor of the engine's.
const PREPARE_STACK: &str = "error_prepare_stack";

/// Whether a promise keeps something until it is settled. What it was settled with is a value of its own.
fn is_reaction(heap: &Heap<'_>, from: NodeId, edge: &Edge) -> bool {
    edge.kind == EdgeKind::Internal && heap.is_promise(from) && heap.name(edge.name).starts_with("reaction")
}

/// How the engine keeps an entry of a WeakMap: with its key.
const OF_WEAK_MAP: &str = "value in a WeakMap";

/// A node in a few words.
pub(crate) fn describe(heap: &Heap<'_>, node: NodeId) -> String {
    match heap.nodes[node as usize].kind {
        Kind::Object => heap.class_name(node),
        Kind::Function => match heap.function_name(node) {
            name if name.is_empty() => "an anonymous function".into(),
            name => {
                // One that each run binds anew.
                let function = name.trim_start_matches("bound ");
                match (name.len() - function.len()) / "bound ".len() {
                    0 | 1 => format!("function {name}"),
                    times => format!("function {function}, bound {times} times"),
                }
            }
        },
        Kind::Code => match heap.code_name(node) {
            name if name.is_empty() => "code".into(),
            name => format!("code of {name}"),
        },
        Kind::Shape => "a shape".into(),
        Kind::Cell => "a variable".into(),
        Kind::Frame => "an async function that waits".into(),
        Kind::Realm => "the realm".into(),
        Kind::String | Kind::Rope => "a string".into(),
        Kind::Symbol => "a symbol".into(),
        Kind::BigInt => "a bigint".into(),
    }
}

/// A property as a program would write it.
pub(crate) fn member(owner: &str, key: &str) -> String {
    let is_word = |key: &str| {
        let mut characters = key.chars();
        characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '$')
            && characters.all(|next| next.is_ascii_alphanumeric() || next == '_' || next == '$')
    };
    if let Some(symbol) = key.strip_prefix("<symbol ").and_then(|key| key.strip_suffix('>')) {
        if symbol.starts_with('#') {
            return format!("{owner}.{symbol}");
        }
        return format!("{owner}[Symbol({symbol})]");
    }
    if let Some((accessor @ ("get" | "set"), key)) = key.split_once(' ') {
        return format!("{accessor} {}", member(owner, key));
    }
    if is_word(key) { format!("{owner}.{key}") } else { format!("{owner}[{key:?}]") }
}

/// The names by which a program comes to what outlives a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// Globals that the runs share.
    pub(crate) shared: &'a [String],
    /// Globals of the platform's. All others the server's own code has made, at its top level or when a run called it; a run comes
    /// to them by functions that are shared.
    pub(crate) platform: &'a [String],
}

/// What the shared objects hold, and the shortest ways to it.
///
/// In it is what the server's own code has made at its top level, too. Not in it is what the platform keeps for itself, to which each
/// of its functions leads: the variables of its own code, and the first realm. A realm of a run is in it, as soon as something that
/// is shared leads there.
struct Zone<'a, 'h> {
    heap: &'a Heap<'h>,
    /// What each node was come to from, and by which edge; of a named object its name.
    came: Vec<Option<Came<'a>>>,
    /// Of the first realm what it keeps of a shared `Error`, and of its global object what is not the platform's: of these two, nothing
    /// else is in the zone.
    parts: HashMap<NodeId, Vec<Edge>>,
}

#[derive(Clone, Copy, Debug)]
enum Came<'a> {
    Named(&'a str),
    From(NodeId, Edge),
    /// It is written to by way of that one.
    As(NodeId),
}

impl<'a, 'h> Zone<'a, 'h> {
    fn new(heap: &'a Heap<'h>, names: &Names<'a>) -> Self {
        let first = heap.realms.first().copied();
        let mut zone = Zone { heap, came: vec![None; heap.nodes.len()], parts: HashMap::new() };
        let global = first.and_then(|realm| heap.named(realm, "global_object"));
        let variables = first.and_then(|realm| heap.named(realm, "script_context_table"));
        let named = |name: &'a String| Some((name.as_str(), heap.named(global?, name)?));
        let of_server = global.into_iter().flat_map(|global| heap.edges(global)).filter(|edge| {
            let is_one = |names: &[String]| names.iter().any(|name| name == heap.name(edge.name));
            edge.kind == EdgeKind::Property && !is_one(names.platform) && !is_one(names.shared)
        });
        let of_server: Vec<Edge> = of_server.copied().collect();
        let of_scripts = variables.into_iter().flat_map(|table| heap.edges(table)).filter(|edge| {
            // What the realm's own table has beside variables, as its shape.
            matches!(edge.kind, EdgeKind::Context | EdgeKind::Property)
        });
        let roots = [
            names.shared.iter().filter_map(named).collect::<Vec<_>>(),
            of_server.iter().map(|edge| (heap.name(edge.name), edge.to)).collect(),
            of_scripts.map(|edge| (heap.name(edge.name), edge.to)).collect(),
        ];
        let is_of_first = |node: NodeId| [first, global, variables].contains(&Some(node));
        for roots in roots {
            zone.spread(roots, is_of_first);
            // A shared `Error` hands what is written to it to its realm.
            let error = first.and_then(|realm| heap.named(realm, "error_ctor"));
            let error = error.filter(|error| zone.has(*error));
            if let (Some(realm), Some(error)) = (first.filter(|realm| !zone.has(*realm)), error) {
                let slot = heap.edges(realm).iter().filter(|edge| heap.name(edge.name) == PREPARE_STACK);
                let slot: Vec<Edge> = slot.map(|edge| Edge { kind: EdgeKind::Property, ..*edge }).collect();
                zone.came[realm as usize] = Some(Came::As(error));
                for edge in &slot {
                    zone.came[edge.to as usize].get_or_insert(Came::From(realm, *edge));
                }
                let targets = slot.iter().map(|edge| edge.to).collect();
                zone.parts.insert(realm, slot);
                zone.follow(targets, is_of_first);
            }
        }
        if let Some(global) = global {
            zone.came[global as usize] = Some(Came::Named("globalThis"));
            zone.parts.insert(global, of_server);
        }
        zone
    }

    /// Adds what these lead to.
    fn spread(&mut self, roots: Vec<(&'a str, NodeId)>, is_of_first: impl Fn(NodeId) -> bool) {
        let mut queue = VecDeque::new();
        for (name, node) in roots {
            if self.came[node as usize].is_none() && !is_of_first(node) {
                self.came[node as usize] = Some(Came::Named(name));
                queue.push_back(node);
            }
        }
        self.follow(queue, is_of_first);
    }

    fn follow(&mut self, mut queue: VecDeque<NodeId>, is_of_first: impl Fn(NodeId) -> bool) {
        let Self { heap, came, .. } = self;
        // First what a program can write down, and only then the slots that the language does not show.
        let mut later = VecDeque::new();
        let mut seen = vec![false; heap.nodes.len()];
        while let Some(node) = queue.pop_front().or_else(|| later.pop_front()) {
            if std::mem::replace(&mut seen[node as usize], true) {
                continue;
            }
            let is_own = heap.nodes[node as usize].kind == Kind::Function && heap.is_own_code(node);
            for edge in heap.edges(node) {
                let is_hidden = is_own && matches!(edge.kind, EdgeKind::Context | EdgeKind::Internal);
                if edge.kind == EdgeKind::Weak || is_hidden || is_of_first(edge.to) {
                    continue;
                }
                let is_proto = edge.kind == EdgeKind::Hint && heap.name(edge.name) == "__proto__";
                if edge.kind == EdgeKind::Hint && !is_proto || came[edge.to as usize].is_some() {
                    continue;
                }
                let is_plain =
                    matches!(edge.kind, EdgeKind::Property | EdgeKind::Element) || heap.is_collection(node) || is_proto;
                came[edge.to as usize] = Some(Came::From(node, *edge));
                if is_plain { queue.push_back(edge.to) } else { later.push_back(edge.to) }
            }
        }
    }

    fn has(&self, node: NodeId) -> bool {
        self.came[node as usize].is_some()
    }

    /// The edges by which a node of the zone holds what is not the platform's.
    fn edges(&self, node: NodeId) -> &[Edge] {
        self.parts.get(&node).map_or_else(|| self.heap.edges(node), Vec::as_slice)
    }

    fn path(&self, node: NodeId) -> String {
        let mut edges = Vec::new();
        let mut at = node;
        let mut path = loop {
            match self.came[at as usize] {
                Some(Came::Named(name)) if name.starts_with("<symbol ") => break member("globalThis", name),
                Some(Came::Named(name)) => break name.to_owned(),
                Some(Came::From(from, edge)) => {
                    edges.push((from, edge));
                    at = from;
                }
                Some(Came::As(other)) => at = other,
                None => return format!("({})", describe(self.heap, node)),
            }
        };
        for (from, edge) in edges.into_iter().rev() {
            let name = heap_name(self.heap, &edge);
            path = match edge.kind {
                EdgeKind::Property | EdgeKind::Hint => member(&path, &name),
                EdgeKind::Element => format!("{path}[{name}]"),
                EdgeKind::Context => format!("{path} (variable {name})"),
                // The variable's name is on the way to its cell.
                _ if self.heap.nodes[from as usize].kind == Kind::Cell => path,
                _ => format!("{path} ({name})"),
            };
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_gives_back_what_was_put_in() {
        let of = |sizes: &[u64]| {
            let mut series = Series::default();
            sizes.iter().for_each(|bytes| series.push(*bytes));
            series
        };
        assert_eq!(of(&[8, 8, 8]).changed(), None);
        for sizes in [vec![8, 16], vec![8, 8, 16, 16, 8], vec![24, 8, 8, 8, 32]] {
            assert_eq!(of(&sizes).changed(), Some(sizes));
        }
    }
}
