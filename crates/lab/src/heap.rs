//! A QuickJS heap, read out of a linear memory: every object, what it refers to and how many bytes it has.
//!
//! Nothing runs in the guest for it, so that it serves a heap in which an app is run again and again and the memory that a
//! failed render has left alike. The layout is what the engine says of itself ([`layout`]); all that is read is checked, as
//! the memory may be in any state.

mod layout;
mod memory;
mod names;
mod walk;

use layout::Layout;
pub use memory::Damage;
use memory::Memory;

/// A heap as a graph.
#[derive(Debug)]
pub struct Heap<'a> {
    memory: Memory<'a>,
    layout: Layout,
    pub(crate) nodes: Vec<Node>,
    /// Those of the first node, then those of the second, and so on.
    pub(crate) edges: Vec<Edge>,
    names: names::Names,
    /// The node at each address that is a multiple of eight, plus one.
    index: Vec<u32>,
    /// The realms, the first one first.
    pub(crate) realms: Vec<NodeId>,
    /// What the allocator says that the heap has: bytes.
    pub(crate) bytes: u64,
    /// Bytes that are no node's: tables of the runtime's own.
    pub(crate) of_runtime: u64,
    /// Bytes of texts that are only names: of properties, variables, functions.
    pub(crate) of_atoms: u64,
    /// Whether a node has more edges to it than it has references: then the walk has counted one twice.
    pub(crate) overcounted: usize,
}

/// What the engine calls the code of its platform.
const OWN_CODE: &str = "dayfly:web";

/// The number of a node.
pub(crate) type NodeId = u32;

/// Something that has an address, and bytes of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Its class in QuickJS, if it is an object.
    pub(crate) class: u16,
    pub(crate) address: u32,
    /// Its own blocks, with what the allocator adds to each.
    pub(crate) bytes: u32,
    first_edge: u32,
    edge_count: u32,
    /// References to it, less the edges that are known: what is left is held from outside the heap.
    pub(crate) external: i32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Function,
    Code,
    Shape,
    /// A variable that closures share.
    Cell,
    /// An async function or generator that waits.
    Frame,
    Realm,
    String,
    Rope,
    Symbol,
    BigInt,
}

/// What leads from one node to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) kind: EdgeKind,
    /// A name, or the index of an element.
    pub(crate) name: u32,
    pub(crate) to: NodeId,
}

/// How a node refers to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// A variable.
    Context,
    /// An element, by its index.
    Element,
    Property,
    /// A slot that the language does not show.
    Internal,
    /// It keeps nothing alive by itself.
    Weak,
    /// It says of another edge where it leads in the end, so that readers find the way; another one keeps it alive.
    Hint,
}

impl<'a> Heap<'a> {
    /// Reads the heap that is in `memory`, a linear memory from address 0.
    ///
    /// # Errors
    /// [`Damage`] if there is none, or one that leads nowhere.
    pub fn read(memory: &'a [u8]) -> Result<Self, Damage> {
        walk::walk(Memory(memory))
    }

    /// How many bytes the heap has of the allocator.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The edges of a node.
    pub(crate) fn edges(&self, node: NodeId) -> &[Edge] {
        let Node { first_edge, edge_count, .. } = self.nodes[node as usize];
        &self.edges[first_edge as usize..(first_edge + edge_count) as usize]
    }

    /// The node at that address.
    pub(crate) fn at(&self, address: u32) -> Option<NodeId> {
        self.index.get((address / 8) as usize)?.checked_sub(1)
    }

    /// The text of a name that an edge has.
    pub(crate) fn name(&self, name: u32) -> &str {
        self.names.text(name)
    }

    /// The code that is the platform's own has this name.
    pub(crate) fn is_own_code(&self, node: NodeId) -> bool {
        self.place(node).is_some_and(|(file, ..)| file == OWN_CODE)
    }

    /// Where the edge of that name leads to.
    pub(crate) fn named(&self, node: NodeId, name: &str) -> Option<NodeId> {
        let is_it = |edge: &&Edge| !matches!(edge.kind, EdgeKind::Element) && self.name(edge.name) == name;
        self.edges(node).iter().find(is_it).map(|edge| edge.to)
    }
}

/// The addresses of the objects, realms and all else that the engine's list of objects has after `mark` (all of them if it
/// is 0), in its order.
///
/// # Errors
/// [`Damage`].
pub(crate) fn listed(memory: &[u8], reader: &Reader, mark: u32) -> Result<Vec<u32>, Damage> {
    walk::listed(Memory(memory), &reader.0, mark)
}

/// How the heap of an engine is laid out, for who looks at it again and again.
#[derive(Debug)]
pub(crate) struct Reader(Layout);

impl Reader {
    pub(crate) fn find(memory: &[u8]) -> Result<Self, Damage> {
        Layout::find(Memory(memory)).map(Self)
    }
}
