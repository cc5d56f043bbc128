//! The walk over a heap: nodes first, in the order of the engine's own list, then the edges of each.

use super::layout::Layout;
use super::memory::{Damage, Memory};
use super::names::{Names, Text};
use super::{Edge, EdgeKind, Heap, Kind, Node, NodeId};

/// Reads a whole heap.
pub(super) fn walk(memory: Memory<'_>) -> Result<Heap<'_>, Damage> {
    let layout = Layout::find(memory)?;
    let rt = layout.runtime;
    let state = rt + layout.runtime_malloc_state;
    let bytes = memory.u32(state + layout.malloc_state_malloc_size)?;
    let mut walk = Walk {
        names: Names::default(),
        nodes: Vec::new(),
        edges: Vec::new(),
        index: vec![0; memory.0.len() / 8 + 1],
        claimed: vec![0; memory.0.len() / 512 + 1],
        incoming: Vec::new(),
        memory,
        layout: &layout,
    };
    for address in listed(memory, &layout, 0)? {
        walk.add_listed(address)?;
    }
    let listed = walk.nodes.len();
    let mut next = 0;
    while next < walk.nodes.len() {
        let first = walk.edges.len() as u32;
        walk.add_edges(next as NodeId)?;
        walk.nodes[next].first_edge = first;
        walk.nodes[next].edge_count = walk.edges.len() as u32 - first;
        next += 1;
    }
    let mut overcounted = 0;
    for number in 0..listed {
        let references = walk.references(walk.nodes[number].address)?;
        let external = references - walk.incoming[number] as i32;
        overcounted += usize::from(external < 0);
        walk.nodes[number].external = external;
    }
    let realms = walk.realms()?;
    let of_atoms = walk.atoms()?;
    let of_runtime = walk.tables()?;
    let Walk { names, nodes, edges, index, .. } = walk;
    Ok(Heap {
        memory,
        nodes,
        edges,
        names,
        index,
        realms,
        bytes: bytes.into(),
        of_runtime,
        of_atoms,
        overcounted,
        layout,
    })
}

/// The engine's list of objects, from behind `mark` on.
pub(super) fn listed(memory: Memory<'_>, layout: &Layout, mark: u32) -> Result<Vec<u32>, Damage> {
    let head = layout.runtime + layout.runtime_gc_obj_list;
    let start = if mark == 0 { head } else { mark + layout.gc_object_header_link };
    let links = list(memory, layout, head, start, "objects")?;
    Ok(links.into_iter().map(|link| link.wrapping_sub(layout.gc_object_header_link)).collect())
}

/// The links of a list that come after `start`, up to its head.
fn list(memory: Memory<'_>, layout: &Layout, head: u32, start: u32, what: &'static str) -> Result<Vec<u32>, Damage> {
    let mut links = Vec::new();
    let mut link = memory.u32(start.wrapping_add(layout.list_head_next))?;
    while link != head {
        if links.len() > memory.0.len() / 8 {
            return Err(Damage::Endless(what));
        }
        links.push(link);
        link = memory.u32(link.wrapping_add(layout.list_head_next))?;
    }
    Ok(links)
}

struct Walk<'a, 'l> {
    memory: Memory<'a>,
    layout: &'l Layout,
    names: Names,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    index: Vec<u32>,
    /// The blocks that are somebody's: a bit for each address that is a multiple of eight.
    claimed: Vec<u64>,
    /// How many edges there are to each node that count as references.
    incoming: Vec<u32>,
}

impl Walk<'_, '_> {
    /// The bytes of a block that the runtime has of the allocator, if it is nobody's yet.
    fn claim(&mut self, address: u32) -> Result<u32, Damage> {
        let layout = self.layout;
        if address == 0 || !address.is_multiple_of(8) {
            return Ok(0);
        }
        let (word, bit) = ((address / 512) as usize, 1 << (address / 8 % 64));
        let Some(claimed) = self.claimed.get_mut(word) else { return Err(Damage::OutOfBounds(address)) };
        if *claimed & bit != 0 {
            return Ok(0);
        }
        *claimed |= bit;
        let header = address.wrapping_sub(layout.malloc_block_header_user_data);
        if header == layout.runtime + layout.runtime_arena_state + layout.arena_state_zero_size_block {
            return Ok(0);
        }
        if u32::from(self.memory.u16(header.wrapping_add(layout.malloc_block_header_u))?) == layout.arena_free_nil {
            // A block of malloc's own, with the header in it.
            return Ok(self.usable(header)? - layout.malloc_block_header_user_data + layout.malloc_overhead);
        }
        let class = self.memory.u8(header.wrapping_add(layout.malloc_block_header_block_size_idx))?;
        if u32::from(class) >= layout.arena_block_size_count {
            return Err(Damage::OutOfBounds(address));
        }
        let size = self.memory.u16(layout.arena_block_sizes + u32::from(class) * 2)?;
        Ok(u32::from(size) - layout.malloc_block_header_user_data + layout.malloc_overhead)
    }

    /// What `malloc_usable_size` of the guest's libc says of a block: the size that its header has, less a word.
    fn usable(&self, block: u32) -> Result<u32, Damage> {
        let head = self.memory.u32(block.wrapping_sub(4))?;
        Ok((head & !7).saturating_sub(4).max(self.layout.malloc_block_header_user_data))
    }

    fn references(&self, address: u32) -> Result<i32, Damage> {
        let header = address.wrapping_sub(self.layout.malloc_block_header_user_data);
        Ok(self.memory.u32(header.wrapping_add(self.layout.malloc_block_header_ref_count))? as i32)
    }

    fn add(&mut self, kind: Kind, class: u16, address: u32, bytes: u32) -> Result<NodeId, Damage> {
        let number = self.nodes.len() as NodeId;
        let slot = self.index.get_mut((address / 8) as usize).ok_or(Damage::OutOfBounds(address))?;
        *slot = number + 1;
        self.nodes.push(Node { kind, class, address, bytes, first_edge: 0, edge_count: 0, external: 0 });
        self.incoming.push(0);
        Ok(number)
    }

    fn at(&self, address: u32) -> Option<NodeId> {
        self.index.get((address / 8) as usize)?.checked_sub(1)
    }

    /// Adds a node for something that is in the engine's list.
    fn add_listed(&mut self, address: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        let header = address.wrapping_sub(layout.malloc_block_header_user_data);
        let type_ = layout.malloc_block_header_gc_obj_type.read(memory, header)?;
        let mut bytes = self.claim(address)?;
        let mut class = 0;
        let kind = if type_ == layout.gc_obj_type_object {
            class = memory.u16(address + layout.object_class_id)?;
            bytes += self.claim(memory.u32(address + layout.object_prop)?)?;
            if self.is_function(class) { Kind::Function } else { Kind::Object }
        } else if type_ == layout.gc_obj_type_function_bytecode {
            bytes += self.claim(memory.u32(address + layout.function_bytecode_pc2line_buf)?)?;
            bytes += self.claim(memory.u32(address + layout.function_bytecode_source)?)?;
            Kind::Code
        } else if type_ == layout.gc_obj_type_shape {
            Kind::Shape
        } else if type_ == layout.gc_obj_type_var_ref {
            Kind::Cell
        } else if type_ == layout.gc_obj_type_async_function {
            Kind::Frame
        } else if type_ == layout.gc_obj_type_context {
            bytes += self.claim(memory.u32(address + layout.context_class_proto)?)?;
            Kind::Realm
        } else {
            return Err(Damage::OutOfBounds(address));
        };
        self.add(kind, class, address, bytes).map(drop)
    }

    fn has_bytecode(&self, class: u16) -> bool {
        let l = self.layout;
        let class = u32::from(class);
        class == l.class_bytecode_function
            || class == l.class_generator_function
            || class == l.class_async_function
            || class == l.class_async_generator_function
    }

    fn is_function(&self, class: u16) -> bool {
        let l = self.layout;
        let functions = [
            l.class_c_function,
            l.class_c_function_data,
            l.class_c_closure,
            l.class_bound_function,
            l.class_promise_resolve_function,
            l.class_promise_reject_function,
            l.class_async_function_resolve,
            l.class_async_function_reject,
        ];
        self.has_bytecode(class) || functions.contains(&u32::from(class))
    }

    /// The realms, as the engine has them: the first one first.
    fn realms(&self) -> Result<Vec<NodeId>, Damage> {
        let layout = self.layout;
        let head = layout.runtime + layout.runtime_context_list;
        let links = list(self.memory, layout, head, head, "realms")?;
        Ok(links.into_iter().filter_map(|link| self.at(link.wrapping_sub(layout.context_link))).collect())
    }

    /// The bytes of texts that are names and nothing else.
    fn atoms(&mut self) -> Result<u64, Damage> {
        let (memory, layout) = (self.memory, self.layout);
        let array = memory.u32(layout.runtime + layout.runtime_atom_array)?;
        let mut bytes = 0;
        for index in 0..memory.u32(layout.runtime + layout.runtime_atom_size)? {
            let atom = memory.u32(array.wrapping_add(index * 4))?;
            // One that is free has a number there, which is odd.
            if atom & 1 == 0 {
                bytes += u64::from(self.claim(atom)?);
            }
        }
        Ok(bytes)
    }

    /// The bytes of the runtime itself and of its tables.
    fn tables(&mut self) -> Result<u64, Damage> {
        let (memory, layout) = (self.memory, self.layout);
        let mut bytes = u64::from(self.usable(layout.runtime)? + layout.malloc_overhead);
        for table in
            [layout.runtime_atom_array, layout.runtime_atom_hash, layout.runtime_class_array, layout.runtime_shape_hash]
        {
            bytes += u64::from(self.claim(memory.u32(layout.runtime + table)?)?);
        }
        Ok(bytes)
    }
}

/// The edges.
impl Walk<'_, '_> {
    fn push(&mut self, kind: EdgeKind, name: u32, to: NodeId) {
        self.edges.push(Edge { kind, name, to });
        if !matches!(kind, EdgeKind::Hint | EdgeKind::Weak) {
            self.incoming[to as usize] += 1;
        }
    }

    fn edge(&mut self, kind: EdgeKind, name: u32, address: u32) {
        if address != 0
            && let Some(to) = self.at(address)
        {
            self.push(kind, name, to);
        }
    }

    fn internal(&mut self, name: &str, address: u32) {
        let name = self.names.of(name);
        self.edge(EdgeKind::Internal, name, address);
    }

    /// An edge to what a value refers to, if it refers to something.
    fn value(&mut self, kind: EdgeKind, name: u32, value: u64) -> Result<(), Damage> {
        let layout = self.layout;
        let (tag, address) = ((value >> 32) as u32, value as u32);
        if tag == layout.tag_object || tag == layout.tag_function_bytecode {
            self.edge(kind, name, address);
            return Ok(());
        }
        let kind_of = if tag == layout.tag_string {
            Kind::String
        } else if tag == layout.tag_string_rope {
            Kind::Rope
        } else if tag == layout.tag_symbol {
            Kind::Symbol
        } else if tag == layout.tag_big_int {
            Kind::BigInt
        } else {
            return Ok(());
        };
        let to = self.unlisted(kind_of, address)?;
        self.push(kind, name, to);
        Ok(())
    }

    /// The node of something that is in no list: it is found by who refers to it.
    fn unlisted(&mut self, kind: Kind, address: u32) -> Result<NodeId, Damage> {
        if let Some(known) = self.at(address) {
            return Ok(known);
        }
        let bytes = self.claim(address)?;
        self.add(kind, 0, address, bytes)
    }

    fn value_at(&mut self, kind: EdgeKind, name: &str, address: u32) -> Result<(), Damage> {
        let name = self.names.of(name);
        let value = self.memory.u64(address)?;
        self.value(kind, name, value)
    }

    fn slot(&mut self, name: &str, address: u32) -> Result<(), Damage> {
        self.value_at(EdgeKind::Internal, name, address)
    }

    fn slots(&mut self, name: &str, address: u32, count: u32) -> Result<(), Damage> {
        for index in 0..count.min(self.memory.0.len() as u32 / 8) {
            self.slot(&format!("{name}[{index}]"), address.wrapping_add(index * 8))?;
        }
        Ok(())
    }

    /// Counts a block as a node's.
    fn own(&mut self, node: NodeId, block: u32) -> Result<(), Damage> {
        let bytes = self.claim(block)?;
        self.nodes[node as usize].bytes += bytes;
        Ok(())
    }

    fn atom(&mut self, atom: u32) -> Result<u32, Damage> {
        let text = Text { memory: self.memory, layout: self.layout };
        self.names.of_atom(text, atom)
    }

    fn add_edges(&mut self, node: NodeId) -> Result<(), Damage> {
        let Node { kind, address, class, .. } = self.nodes[node as usize];
        let (memory, layout) = (self.memory, self.layout);
        match kind {
            Kind::Object | Kind::Function => {
                self.properties(address)?;
                self.class_edges(node, address, class)?;
            }
            Kind::Code => {
                let realm = memory.u32(address + layout.function_bytecode_realm)?;
                self.internal("native_context", realm);
                let constants = memory.u32(address + layout.function_bytecode_cpool)?;
                self.slots("constant", constants, memory.u32(address + layout.function_bytecode_cpool_count)?)?;
            }
            Kind::Shape => {
                self.internal("prototype", memory.u32(address + layout.shape_proto)?);
                self.internal("parent", memory.u32(address + layout.shape_parent)?);
            }
            Kind::Cell => {
                if memory.u8(address + layout.var_ref_is_detached)? != 0 {
                    self.slot("value", memory.u32(address + layout.var_ref_pvalue)?)?;
                } else if memory.u8(address + layout.var_ref_is_coro)? != 0 {
                    let frame = memory.u32(address + layout.var_ref_stack_frame)?;
                    let owner = memory.u32(frame.wrapping_add(layout.stack_frame_cur_gc_obj))?;
                    self.internal("frame", owner);
                }
            }
            Kind::Frame => {
                if memory.u8(address + layout.async_function_data_is_active)? != 0 {
                    self.frame(node, address + layout.async_function_data_func_state)?;
                }
                self.slots("resolving_function", address + layout.async_function_data_resolving_funcs, 2)?;
            }
            Kind::Realm => self.realm(node, address)?,
            Kind::Rope => {
                self.slot("left", address + layout.string_rope_left)?;
                self.slot("right", address + layout.string_rope_right)?;
            }
            Kind::String | Kind::Symbol => {
                let kind = layout.string_kind.read(memory, address)?;
                let rest = address + layout.size_string;
                if kind == layout.string_kind_slice {
                    let parent = memory.u32(rest + layout.string_slice_parent)?;
                    let to = self.unlisted(Kind::String, parent)?;
                    let name = self.names.of("parent");
                    self.push(EdgeKind::Internal, name, to);
                } else if kind == layout.string_kind_indirect {
                    self.own(node, memory.u32(rest)?)?;
                }
            }
            Kind::BigInt => {}
        }
        Ok(())
    }

    fn properties(&mut self, address: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        let shape = memory.u32(address + layout.object_shape)?;
        let values = memory.u32(address + layout.object_prop)?;
        let proto = memory.u32(shape.wrapping_add(layout.shape_proto))?;
        // First, as one of memlab's rules is that the last of several shortest ways is the one that it shows.
        let name = self.names.of("__proto__");
        self.edge_hint(name, proto);
        self.internal("map", shape);
        let buckets = memory.u32(shape.wrapping_add(layout.shape_prop_hash_mask))?.wrapping_add(1);
        let table = shape.wrapping_add(layout.shape_hash_table).wrapping_add(buckets.wrapping_mul(4));
        let count = memory.u32(shape.wrapping_add(layout.shape_prop_count))?;
        if count as usize > memory.0.len() / 8 {
            return Err(Damage::OutOfBounds(shape));
        }
        for index in 0..count {
            let property = table.wrapping_add(index * layout.size_shape_property);
            let atom = memory.u32(property.wrapping_add(layout.shape_property_atom))?;
            if atom == 0 {
                continue;
            }
            let flags = layout.shape_property_flags.read(memory, property)?;
            let slot = values.wrapping_add(index * layout.size_property);
            self.property(atom, flags & layout.prop_tmask, slot)?;
        }
        // What weak maps have under this object as their key lives as long as it.
        let mut weak = memory.u32(address + layout.object_first_weak_ref)?;
        let mut most = memory.0.len() / 16;
        while weak != 0 && most > 0 {
            most -= 1;
            if memory.u32(weak.wrapping_add(layout.weak_ref_record_kind))? == layout.weak_ref_kind_map {
                let record = memory.u32(weak.wrapping_add(layout.weak_ref_record_u_map_record))?;
                self.slot("value in a WeakMap", record.wrapping_add(layout.map_record_value))?;
            }
            weak = memory.u32(weak.wrapping_add(layout.weak_ref_record_next_weak_ref))?;
        }
        Ok(())
    }

    fn property(&mut self, atom: u32, type_: u32, slot: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        let (kind, name) = if atom & layout.atom_tag_int != 0 {
            (EdgeKind::Element, atom & !layout.atom_tag_int)
        } else {
            (EdgeKind::Property, self.atom(atom)?)
        };
        if type_ == layout.prop_normal {
            let value = memory.u64(slot.wrapping_add(layout.property_u_value))?;
            self.value(kind, name, value)?;
        } else if type_ == layout.prop_getset {
            let text = if kind == EdgeKind::Element { name.to_string() } else { self.names.text(name).to_owned() };
            for (what, offset) in [("get", layout.property_u_getset_getter), ("set", layout.property_u_getset_setter)] {
                let accessor = memory.u32(slot.wrapping_add(offset))?;
                let name = self.names.of(&format!("{what} {text}"));
                self.edge(EdgeKind::Property, name, accessor);
            }
        } else if type_ == layout.prop_varref {
            let cell = memory.u32(slot.wrapping_add(layout.property_u_var_ref))?;
            self.cell(EdgeKind::Context, name, cell)?;
        } else {
            let realm = memory.u32(slot.wrapping_add(layout.property_u_init_realm_and_id))? & !3;
            self.internal("autoinit_realm", realm);
        }
        Ok(())
    }

    /// An edge to a variable's cell, if it is one that is counted.
    fn cell(&mut self, kind: EdgeKind, name: u32, cell: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        if cell != 0
            && (memory.u8(cell.wrapping_add(layout.var_ref_is_detached))? != 0
                || memory.u8(cell.wrapping_add(layout.var_ref_is_coro))? != 0)
        {
            self.edge(kind, name, cell);
        }
        Ok(())
    }

    fn edge_hint(&mut self, name: u32, address: u32) {
        if address != 0 {
            self.edge(EdgeKind::Hint, name, address);
        }
    }

    fn frame(&mut self, node: NodeId, state: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        let frame = state.wrapping_add(layout.async_function_state_frame);
        self.slot("function", frame.wrapping_add(layout.stack_frame_cur_func))?;
        self.slot("this", state.wrapping_add(layout.async_function_state_this_val))?;
        let start = memory.u32(frame.wrapping_add(layout.stack_frame_arg_buf))?;
        let end = memory.u32(frame.wrapping_add(layout.stack_frame_cur_sp))?;
        if end != 0 {
            self.own(node, start)?;
            self.slots("local", start, end.saturating_sub(start) / 8)?;
        }
        Ok(())
    }

    fn list(&self, head: u32, link: u32, what: &'static str) -> Result<Vec<u32>, Damage> {
        let links = list(self.memory, self.layout, head, head, what)?;
        Ok(links.into_iter().map(|at| at.wrapping_sub(link)).collect())
    }

    fn realm(&mut self, node: NodeId, realm: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        self.slot("global_object", realm + layout.context_global_obj)?;
        self.slot("script_context_table", realm + layout.context_global_var_obj)?;
        let slots = [
            ("throw_type_error", layout.context_throw_type_error),
            ("eval", layout.context_eval_obj),
            ("array_proto_values", layout.context_array_proto_values),
            ("error_ctor", layout.context_error_ctor),
            ("error_back_trace", layout.context_error_back_trace),
            ("error_prepare_stack", layout.context_error_prepare_stack),
            ("error_stack_trace_limit", layout.context_error_stack_trace_limit),
            ("iterator_ctor", layout.context_iterator_ctor),
            ("iterator_ctor_getset", layout.context_iterator_ctor_getset),
            ("async_iterator_proto", layout.context_async_iterator_proto),
            ("promise_ctor", layout.context_promise_ctor),
            ("array_ctor", layout.context_array_ctor),
            ("regexp_ctor", layout.context_regexp_ctor),
            ("function_ctor", layout.context_function_ctor),
            ("function_proto", layout.context_function_proto),
        ];
        for (name, offset) in slots {
            self.slot(name, realm + offset)?;
        }
        self.slots("native_error_proto", realm + layout.context_native_error_proto, layout.native_error_count)?;
        let classes = memory.u32(layout.runtime + layout.runtime_class_count)?;
        self.slots("class_proto", memory.u32(realm + layout.context_class_proto)?, classes)?;
        for offset in [
            layout.context_array_shape,
            layout.context_arguments_shape,
            layout.context_mapped_arguments_shape,
            layout.context_regexp_shape,
            layout.context_regexp_result_shape,
        ] {
            self.internal("initial_map", memory.u32(realm + offset)?);
        }
        for module in self.list(realm + layout.context_loaded_modules, layout.module_def_link, "modules")? {
            self.module(node, module)?;
        }
        Ok(())
    }

    /// A module is no node of its own: the collector does not know it either.
    fn module(&mut self, realm: NodeId, module: u32) -> Result<(), Damage> {
        let (memory, layout) = (self.memory, self.layout);
        self.own(realm, module)?;
        for table in [
            layout.module_def_req_module_entries,
            layout.module_def_export_entries,
            layout.module_def_star_export_entries,
            layout.module_def_import_entries,
        ] {
            self.own(realm, memory.u32(module.wrapping_add(table))?)?;
        }
        let requests = memory.u32(module.wrapping_add(layout.module_def_req_module_entries))?;
        for index in 0..memory.u32(module.wrapping_add(layout.module_def_req_module_entries_count))?.min(65_536) {
            let entry = requests.wrapping_add(index * layout.size_req_module_entry);
            self.slot("import_attributes", entry.wrapping_add(layout.req_module_entry_attributes))?;
        }
        let exports = memory.u32(module.wrapping_add(layout.module_def_export_entries))?;
        for index in 0..memory.u32(module.wrapping_add(layout.module_def_export_entries_count))?.min(1 << 20) {
            let entry = exports.wrapping_add(index * layout.size_export_entry);
            if memory.u32(entry.wrapping_add(layout.export_entry_export_type))? == layout.export_type_local {
                let cell = memory.u32(entry.wrapping_add(layout.export_entry_u_local_var_ref))?;
                let name = self.atom(memory.u32(entry.wrapping_add(layout.export_entry_export_name))?)?;
                // The module holds it whether or not it has been closed.
                self.edge(EdgeKind::Context, name, cell);
            }
        }
        for (name, offset) in [
            ("module_namespace", layout.module_def_module_ns),
            ("module_function", layout.module_def_func_obj),
            ("module_exception", layout.module_def_eval_exception),
            ("import_meta", layout.module_def_meta_obj),
            ("module_promise", layout.module_def_promise),
            ("module_value", layout.module_def_private_value),
            ("module_attributes", layout.module_def_attributes),
        ] {
            self.slot(name, module.wrapping_add(offset))?;
        }
        self.slots("module_resolving_function", module.wrapping_add(layout.module_def_resolving_funcs), 2)
    }

    fn class_edges(&mut self, node: NodeId, address: u32, class: u16) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        let data = memory.u32(address + l.object_u)?;
        let number = u32::from(class);
        if self.has_bytecode(class) {
            return self.closure(node, address);
        }
        if number == l.class_c_function {
            self.internal("native_context", memory.u32(address + l.object_u_cfunc_realm)?);
            return Ok(());
        }
        if number == l.class_array || number == l.class_arguments || number == l.class_mapped_arguments {
            return self.fast_array(node, address, number == l.class_mapped_arguments);
        }
        if [l.class_number, l.class_string, l.class_boolean, l.class_symbol, l.class_date, l.class_big_int]
            .contains(&number)
        {
            return self.slot("value", address + l.object_u_object_data);
        }
        if number == l.class_error {
            return self.slot("stack", address + l.object_u_object_data);
        }
        if number == l.class_regexp {
            for (name, offset) in [("source", l.object_u_regexp_pattern), ("code", l.object_u_regexp_bytecode)] {
                let text = memory.u32(address + offset)?;
                if text != 0 {
                    let to = self.unlisted(Kind::String, text)?;
                    let name = self.names.of(name);
                    self.push(EdgeKind::Internal, name, to);
                }
            }
            return Ok(());
        }
        if data == 0 || number >= l.class_init_count || number == l.class_object {
            return Ok(());
        }
        if number == l.class_weak_ref {
            return self.own(node, data);
        }
        if number == l.class_c_closure || number == l.class_for_in_iterator {
            self.own(node, data)?;
            return if number == l.class_for_in_iterator {
                self.slot("object", data + l.for_in_iterator_obj)
            } else {
                Ok(())
            };
        }
        if number == l.class_array_buffer || number == l.class_shared_array_buffer {
            self.own(node, data)?;
            // It may be the host's, or of another allocator; then it is in no count of the runtime's.
            let bytes = memory.u32(data.wrapping_add(l.array_buffer_data))?;
            return if self.is_of_runtime(bytes)? { self.own(node, bytes) } else { Ok(()) };
        }
        if (l.class_uint8c_array..=l.class_dataview).contains(&number) {
            self.own(node, data)?;
            self.internal("buffer", memory.u32(data.wrapping_add(l.typed_array_buffer))?);
            return Ok(());
        }
        if [l.class_map, l.class_set, l.class_weakmap, l.class_weakset].contains(&number) {
            return self.collection(node, data, number == l.class_set || number == l.class_weakset);
        }
        if number == l.class_promise {
            return self.promise(node, data);
        }
        if number == l.class_async_function_resolve || number == l.class_async_function_reject {
            self.internal("async_function", data);
            return Ok(());
        }
        if number == l.class_generator {
            self.own(node, data)?;
            if memory.u32(data.wrapping_add(l.generator_data_state))? != l.generator_state_completed {
                self.frame(node, data.wrapping_add(l.generator_data_func_state))?;
            }
            return Ok(());
        }
        if number == l.class_async_generator {
            return self.async_generator(node, data);
        }
        if number == l.class_finalization_registry {
            return self.registry(node, data);
        }
        if number == l.class_disposable_stack || number == l.class_async_disposable_stack {
            self.own(node, data)?;
            let resources = memory.u32(data.wrapping_add(l.disposable_stack_resources))?;
            self.own(node, resources)?;
            for index in 0..memory.u32(data.wrapping_add(l.disposable_stack_resource_count))?.min(1 << 20) {
                let resource = resources.wrapping_add(index * l.size_disposable_resource);
                self.slot("resource", resource.wrapping_add(l.disposable_resource_value))?;
                self.slot("dispose", resource.wrapping_add(l.disposable_resource_method))?;
            }
            return Ok(());
        }
        self.record(node, data, number)
    }

    /// Classes whose data is one block of values: those with names first, and any other that there may be, by what its block
    /// holds.
    fn record(&mut self, node: NodeId, data: u32, class: u32) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        if !self.is_of_runtime(data)? {
            return Ok(());
        }
        let before = self.nodes[node as usize].bytes;
        self.own(node, data)?;
        if class == l.class_proxy {
            self.slot("target", data + l.proxy_data_target)?;
            return self.slot("handler", data + l.proxy_data_handler);
        }
        if class == l.class_bound_function {
            self.slot("bound_function", data + l.bound_function_func_obj)?;
            self.slot("bound_this", data + l.bound_function_this_val)?;
            return self.slots(
                "bound_argument",
                data + l.bound_function_argv,
                memory.u32(data + l.bound_function_argc)?,
            );
        }
        if class == l.class_c_function_data {
            let count = memory.u8(data + l.c_function_data_record_data_len)?;
            return self.slots("data", data + l.c_function_data_record_data, count.into());
        }
        if class == l.class_map_iterator || class == l.class_set_iterator {
            return self.slot("object", data + l.map_iterator_data_obj);
        }
        if class == l.class_array_iterator || class == l.class_string_iterator {
            return self.slot("object", data + l.array_iterator_data_obj);
        }
        if class == l.class_promise_resolve_function || class == l.class_promise_reject_function {
            self.own(node, memory.u32(data + l.promise_function_data_presolved)?)?;
            return self.slot("promise", data + l.promise_function_data_promise);
        }
        let length = self.nodes[node as usize].bytes - before;
        for offset in (0..length.saturating_sub(l.malloc_overhead) / 8).map(|index| index * 8) {
            self.slot(&format!("slot {offset}"), data + offset)?;
        }
        Ok(())
    }

    /// Whether a block has the header of the runtime's own allocator.
    fn is_of_runtime(&self, block: u32) -> Result<bool, Damage> {
        let l = self.layout;
        if block < 1024 || !block.is_multiple_of(8) || block as usize >= self.memory.0.len() {
            return Ok(false);
        }
        let header = block.wrapping_sub(l.malloc_block_header_user_data);
        let offset = u32::from(self.memory.u16(header.wrapping_add(l.malloc_block_header_u))?);
        let class = u32::from(self.memory.u8(header.wrapping_add(l.malloc_block_header_block_size_idx))?);
        Ok(if offset == l.arena_free_nil { class == 0xff } else { class < l.arena_block_size_count })
    }

    fn closure(&mut self, node: NodeId, address: u32) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        let code = memory.u32(address + l.object_u_func_function_bytecode)?;
        let cells = memory.u32(address + l.object_u_func_var_refs)?;
        self.internal("home_object", memory.u32(address + l.object_u_func_home_object)?);
        if code == 0 {
            return Ok(());
        }
        // memlab passes over code: without this it would show a detour by the prototype.
        let realm = memory.u32(code.wrapping_add(l.function_bytecode_realm))?;
        let context = self.names.of("context");
        self.edge_hint(context, realm);
        self.internal("shared", code);
        if cells == 0 {
            return Ok(());
        }
        self.own(node, cells)?;
        let variables = memory.u32(code.wrapping_add(l.function_bytecode_closure_var))?;
        for index in 0..u32::from(memory.u16(code.wrapping_add(l.function_bytecode_closure_var_count))?) {
            let variable = variables.wrapping_add(index * l.size_closure_var);
            let name = self.atom(memory.u32(variable.wrapping_add(l.closure_var_var_name))?)?;
            self.cell(EdgeKind::Context, name, memory.u32(cells.wrapping_add(index * 4))?)?;
        }
        Ok(())
    }

    fn fast_array(&mut self, node: NodeId, address: u32, is_mapped: bool) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        if l.object_fast_array.read(memory, address)? == 0 {
            return Ok(());
        }
        let values = memory.u32(address + l.object_u_array_u_values)?;
        let count = memory.u32(address + l.object_u_array_count)?;
        if values == 0 {
            return Ok(());
        }
        if count as usize > memory.0.len() / 4 {
            return Err(Damage::OutOfBounds(address));
        }
        self.own(node, values)?;
        for index in 0..count {
            if is_mapped {
                self.cell(EdgeKind::Element, index, memory.u32(values.wrapping_add(index * 4))?)?;
            } else {
                let value = memory.u64(values.wrapping_add(index * 8))?;
                self.value(EdgeKind::Element, index, value)?;
            }
        }
        Ok(())
    }

    fn collection(&mut self, node: NodeId, state: u32, is_set: bool) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        self.own(node, state)?;
        self.own(node, memory.u32(state.wrapping_add(l.map_state_hash_table))?)?;
        let is_weak = memory.u8(state.wrapping_add(l.map_state_is_weak))? != 0;
        let head = state.wrapping_add(l.map_state_records);
        for (index, record) in self.list(head, l.map_record_link, "a collection's records")?.into_iter().enumerate() {
            self.own(node, record)?;
            if memory.u8(record.wrapping_add(l.map_record_empty))? != 0 {
                continue;
            }
            let kind = if is_weak { EdgeKind::Weak } else { EdgeKind::Internal };
            self.value_at(kind, &format!("{index} / key"), record.wrapping_add(l.map_record_key))?;
            if !is_set {
                self.value_at(kind, &format!("{index} / value"), record.wrapping_add(l.map_record_value))?;
            }
        }
        Ok(())
    }

    fn promise(&mut self, node: NodeId, data: u32) -> Result<(), Damage> {
        let l = self.layout;
        self.own(node, data)?;
        self.slot("result", data.wrapping_add(l.promise_data_promise_result))?;
        for list in 0..2 {
            let head = data.wrapping_add(l.promise_data_promise_reactions).wrapping_add(list * 8);
            for reaction in self.list(head, l.promise_reaction_data_link, "reactions")? {
                self.own(node, reaction)?;
                self.slot("reaction", reaction.wrapping_add(l.promise_reaction_data_handler))?;
                self.slots("reaction_resolving", reaction.wrapping_add(l.promise_reaction_data_resolving_funcs), 2)?;
                self.slot("async_context", reaction.wrapping_add(l.promise_reaction_data_async_context))?;
            }
        }
        Ok(())
    }

    fn async_generator(&mut self, node: NodeId, data: u32) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        self.own(node, data)?;
        let head = data.wrapping_add(l.async_generator_data_queue);
        for request in self.list(head, l.async_generator_request_link, "requests")? {
            self.own(node, request)?;
            self.slot("request", request.wrapping_add(l.async_generator_request_result))?;
            self.slot("request_promise", request.wrapping_add(l.async_generator_request_promise))?;
            self.slots("request_resolving", request.wrapping_add(l.async_generator_request_resolving_funcs), 2)?;
        }
        let state = memory.u32(data.wrapping_add(l.async_generator_data_state))?;
        if state != l.async_generator_state_completed && state != l.async_generator_state_awaiting_return {
            self.frame(node, data.wrapping_add(l.async_generator_data_func_state))?;
        }
        Ok(())
    }

    fn registry(&mut self, node: NodeId, data: u32) -> Result<(), Damage> {
        let (memory, l) = (self.memory, self.layout);
        self.own(node, data)?;
        self.slot("callback", data.wrapping_add(l.finalization_registry_data_cb))?;
        for entry in
            self.list(data.wrapping_add(l.finalization_registry_data_entries), l.fin_rec_entry_link, "entries")?
        {
            self.own(node, entry)?;
            self.slot("held_value", entry.wrapping_add(l.fin_rec_entry_held_val))?;
            self.slot("token", entry.wrapping_add(l.fin_rec_entry_token))?;
            self.slot("callback", entry.wrapping_add(l.fin_rec_entry_cb))?;
            self.internal("native_context", memory.u32(entry.wrapping_add(l.fin_rec_entry_ctx))?);
        }
        Ok(())
    }
}
