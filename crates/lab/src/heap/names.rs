//! Texts of a heap: names of properties, variables, functions, classes, and the contents of strings.

use std::collections::HashMap;

use super::layout::Layout;
use super::memory::{Damage, Memory};
use super::{Heap, Kind, Node, NodeId};

/// How many characters of a text are read.
const MOST: u32 = 1024;

/// The names of edges, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    /// The name of each atom, plus one.
    atoms: Vec<u32>,
}

impl Names {
    pub(super) fn of(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    pub(super) fn of_atom(&mut self, heap: Text<'_, '_>, atom: u32) -> Result<u32, Damage> {
        if let Some(known) = self.atoms.get(atom as usize).and_then(|known| known.checked_sub(1)) {
            return Ok(known);
        }
        let number = self.of(&heap.atom(atom)?);
        if atom < 1 << 22 {
            let needed = atom as usize + 1;
            if self.atoms.len() < needed {
                self.atoms.resize(needed.next_power_of_two(), 0);
            }
            self.atoms[atom as usize] = number + 1;
        }
        Ok(number)
    }

    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}

/// Reads the texts of a heap.
#[derive(Clone, Copy)]
pub(super) struct Text<'a, 'l> {
    pub(super) memory: Memory<'a>,
    pub(super) layout: &'l Layout,
}

impl Text<'_, '_> {
    /// What an atom reads as: the name of a property as a program would write it.
    pub(super) fn atom(self, atom: u32) -> Result<String, Damage> {
        let layout = self.layout;
        if atom & layout.atom_tag_int != 0 {
            return Ok((atom & !layout.atom_tag_int).to_string());
        }
        let array = self.memory.u32(layout.runtime + layout.runtime_atom_array)?;
        let string = self.memory.u32(array.wrapping_add(atom.wrapping_mul(4)))?;
        if atom == 0 || string & 1 != 0 {
            return Ok(String::new());
        }
        let text = self.string(string)?;
        let is_text = layout.string_atom_type.read(self.memory, string)? == layout.atom_type_string;
        Ok(if is_text { text } else { format!("<symbol {text}>") })
    }

    /// The first characters of a string.
    pub(super) fn string(self, string: u32) -> Result<String, Damage> {
        let layout = self.layout;
        let length = layout.string_len.read(self.memory, string)?;
        let is_wide = layout.string_is_wide_char.read(self.memory, string)? != 0;
        let kind = layout.string_kind.read(self.memory, string)?;
        let rest = string.wrapping_add(layout.size_string);
        let start = if kind == layout.string_kind_slice {
            let parent = self.memory.u32(rest.wrapping_add(layout.string_slice_parent))?;
            let offset = self.memory.u32(rest.wrapping_add(layout.string_slice_start))?;
            parent.wrapping_add(layout.size_string).wrapping_add(offset)
        } else if kind == layout.string_kind_indirect {
            self.memory.u32(rest)?
        } else {
            rest
        };
        let length = length.min(MOST);
        if is_wide {
            let units = self.memory.bytes(start, length * 2)?.chunks_exact(2);
            let units: Vec<u16> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
            return Ok(String::from_utf16_lossy(&units));
        }
        Ok(self.memory.bytes(start, length)?.iter().map(|byte| char::from(*byte)).collect())
    }
}

impl Heap<'_> {
    fn text(&self) -> Text<'_, '_> {
        Text { memory: self.memory, layout: &self.layout }
    }

    /// The first characters of a string, or of a symbol's name.
    pub(crate) fn string(&self, node: NodeId) -> String {
        self.text().string(self.nodes[node as usize].address).unwrap_or_default()
    }

    /// How many characters a string or a rope has.
    pub(crate) fn length(&self, node: NodeId) -> u32 {
        let Node { kind, address, .. } = self.nodes[node as usize];
        let length = match kind {
            Kind::Rope => self.memory.u32(address.wrapping_add(self.layout.string_rope_len)),
            _ => self.layout.string_len.read(self.memory, address),
        };
        length.unwrap_or_default()
    }

    /// The name that a function has as a property; empty if it has none, or one that has to be asked for.
    pub(crate) fn function_name(&self, node: NodeId) -> String {
        let name =
            self.own_value(node, self.layout.atom_name).filter(|name| self.nodes[*name as usize].kind == Kind::String);
        name.map(|name| self.string(name)).unwrap_or_default()
    }

    /// The name of what made an object, as V8 has it: of the first constructor on the way up. The engine's own name of its
    /// class, if there is none.
    pub(crate) fn class_name(&self, node: NodeId) -> String {
        let mut object = self.prototype(node);
        for _ in 0..64 {
            let Some(prototype) = object else { break };
            if let Some(constructor) = self.own_value(prototype, self.layout.atom_constructor)
                && self.nodes[constructor as usize].kind == Kind::Function
            {
                let name = self.function_name(constructor);
                if !name.is_empty() {
                    return name;
                }
            }
            object = self.prototype(prototype);
        }
        self.engine_class(self.nodes[node as usize].class).unwrap_or_else(|_| "Object".into())
    }

    fn engine_class(&self, class: u16) -> Result<String, Damage> {
        let layout = &self.layout;
        let classes = self.memory.u32(layout.runtime + layout.runtime_class_array)?;
        let class = classes.wrapping_add(u32::from(class) * layout.size_class);
        self.text().atom(self.memory.u32(class.wrapping_add(layout.class_class_name))?)
    }

    /// The prototype of an object.
    pub(crate) fn prototype(&self, node: NodeId) -> Option<NodeId> {
        let Node { kind: Kind::Object | Kind::Function, address, .. } = self.nodes[node as usize] else { return None };
        let shape = self.memory.u32(address + self.layout.object_shape).ok()?;
        self.at(self.memory.u32(shape.wrapping_add(self.layout.shape_proto)).ok()?)
    }

    /// What an object has as a plain value of its own under an atom.
    fn own_value(&self, node: NodeId, atom: u32) -> Option<NodeId> {
        let (memory, layout) = (self.memory, &self.layout);
        let address = self.nodes[node as usize].address;
        let shape = memory.u32(address + layout.object_shape).ok()?;
        let values = memory.u32(address + layout.object_prop).ok()?;
        let buckets = memory.u32(shape.wrapping_add(layout.shape_prop_hash_mask)).ok()?.wrapping_add(1);
        let table = shape.wrapping_add(layout.shape_hash_table).wrapping_add(buckets.wrapping_mul(4));
        for index in 0..memory.u32(shape.wrapping_add(layout.shape_prop_count)).ok()?.min(1 << 20) {
            let property = table.wrapping_add(index * layout.size_shape_property);
            if memory.u32(property.wrapping_add(layout.shape_property_atom)).ok()? != atom {
                continue;
            }
            let flags = layout.shape_property_flags.read(memory, property).ok()?;
            if flags & layout.prop_tmask != layout.prop_normal {
                return None;
            }
            let value = memory.u64(values.wrapping_add(index * layout.size_property)).ok()?;
            return self.at(value as u32).filter(|_| (value >> 63) != 0);
        }
        None
    }

    /// Where a function's code begins: file, line and column, both from 1.
    pub(crate) fn place(&self, node: NodeId) -> Option<(String, u32, u32)> {
        let Node { kind, address, class, .. } = self.nodes[node as usize];
        let layout = &self.layout;
        let code = match kind {
            Kind::Code => address,
            Kind::Function if self.has_bytecode(class) => {
                self.memory.u32(address + layout.object_u_func_function_bytecode).ok()?
            }
            _ => return None,
        };
        let file =
            self.text().atom(self.memory.u32(code.wrapping_add(layout.function_bytecode_filename)).ok()?).ok()?;
        let line = self.memory.u32(code.wrapping_add(layout.function_bytecode_line_num)).ok()?;
        let column = self.memory.u32(code.wrapping_add(layout.function_bytecode_col_num)).ok()?;
        (!file.is_empty()).then_some((file, line, column))
    }

    fn has_bytecode(&self, class: u16) -> bool {
        let l = &self.layout;
        [
            l.class_bytecode_function,
            l.class_generator_function,
            l.class_async_function,
            l.class_async_generator_function,
        ]
        .contains(&u32::from(class))
    }

    /// The name that a function has in its code.
    pub(crate) fn code_name(&self, node: NodeId) -> String {
        let address = self.nodes[node as usize].address;
        let name = self.memory.u32(address.wrapping_add(self.layout.function_bytecode_func_name));
        name.and_then(|name| self.text().atom(name)).unwrap_or_default()
    }

    /// Whether an object is an array.
    pub(crate) fn is_array(&self, node: NodeId) -> bool {
        let Node { kind, class, .. } = self.nodes[node as usize];
        kind == Kind::Object && u32::from(class) == self.layout.class_array
    }

    /// Whether all that an object has are properties that one has too which inherits from it: no slots, no private names.
    pub(crate) fn is_plain(&self, node: NodeId) -> bool {
        let Node { kind, class, .. } = self.nodes[node as usize];
        let is_private = |edge: &super::Edge| self.name(edge.name).starts_with("<symbol #");
        kind == Kind::Object && u32::from(class) == self.layout.class_object && !self.edges(node).iter().any(is_private)
    }

    /// Whether an object is a promise.
    pub(crate) fn is_promise(&self, node: NodeId) -> bool {
        let Node { kind, class, .. } = self.nodes[node as usize];
        kind == Kind::Object && u32::from(class) == self.layout.class_promise
    }

    /// Whether an object is a Map, a Set or a weak one.
    pub(crate) fn is_collection(&self, node: NodeId) -> bool {
        let Node { kind, class, .. } = self.nodes[node as usize];
        kind == Kind::Object && (self.layout.class_map..=self.layout.class_weakset).contains(&u32::from(class))
    }
}
