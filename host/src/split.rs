//! Takes a bundle apart: its code, which is the same in every bundle of one engine, and its heap, which is its own.
//!
//! A bundle is one self-contained component, and its main core module has both. Compiled as it stands it costs a second
//! and megabytes of machine code, nearly all of it spent on what is the same in the next bundle. So the main module
//! without its memory and data becomes the *shell*'s engine, compiled once and shared. The data become an
//! [`Image`](crate::slots::Image), and the memory a module of its own with nothing in it but that. The shell imports this
//! module and hands its memory, in which the image is already, to the engine:
//!
//! ```text
//! (component                               (component
//!   (import "dayfly:sandbox/…" …)            (import "heap" (core module (export "memory" (memory 0))))
//!   (core module $main                       (import "dayfly:sandbox/…" …)
//!     (memory 22) (data …) code…)    ─►      (core module $main (import "dayfly:heap" "memory" (memory 0)) code…)
//!   (core module $shim …)                    (core module $shim …)
//!                                            (core instance $heap (instantiate $heap))
//!   (core instance $i                        (core instance $i
//!     (instantiate $main …)) …)                (instantiate $main … (with "dayfly:heap" (instance $heap)))) …)
//! ```
//!
//! That is the same program: the engine's own indices do not move (memories are counted apart from functions), active
//! data is written when the module that has it is instantiated, which is just after its memory is made, and nothing
//! between the two runs code. A shape for which this might not hold is an [`Unknown`] one, and is compiled as it stands.

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest, Sha256};
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{
    Component, ComponentImportSection, ComponentSectionId, ComponentTypeRef, CoreTypeSection, ExportKind,
    ExportSection, ImportSection, InstanceSection, MemorySection, MemoryType, Module, ModuleArg, ModuleSection,
    ModuleType, RawSection, SectionId,
};
use wasmparser::{
    BinaryReader, BinaryReaderError, Chunk, CoreTypeSectionReader, CustomSectionReader, DataKind, Instance, Operator,
    Parser, Payload, TypeRef, Validator, WasmFeatures,
};

use crate::slots::PAGE;

/// What the shell calls the module of the memory that it imports.
pub(crate) const HEAP: &str = "heap";

/// What the engine in a shell calls the instance of that module.
const HEAP_INSTANCE: &str = "dayfly:heap";

/// What that module calls its memory.
const MEMORY: &str = "memory";

/// A bundle, taken apart.
#[derive(Debug)]
pub(crate) struct Split<'a> {
    component: &'a [u8],
    /// Where the main module is in it.
    main: Range<usize>,
    /// Its code: the same for all bundles that differ in their heaps only.
    pub(crate) code: Code<'a>,
    /// What is in its memory to begin with.
    pub(crate) heap: Heap<'a>,
}

/// Bytes before a component's first section: that it is one, and its version.
const HEADER: usize = 8;

/// Bytes that may lie between a heap's pieces whatever their size.
const SPARSE: usize = 4 << 20;

/// A memory and its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heap<'a> {
    pub(crate) memory: MemorySize,
    /// Where each piece begins, within the least size.
    pub(crate) data: Vec<(usize, &'a [u8])>,
}

/// How many Wasm pages a memory has at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MemorySize {
    minimum: u64,
    maximum: Option<u64>,
}

impl MemorySize {
    fn ty(self) -> MemoryType {
        MemoryType { minimum: self.minimum, maximum: self.maximum, ..ANY_MEMORY }
    }

    /// A core module with a memory of this size and nothing else.
    pub(crate) fn module(self) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(self.ty());
        let mut exports = ExportSection::new();
        exports.export(MEMORY, ExportKind::Memory, 0);
        let mut module = Module::new();
        module.section(&memories).section(&exports);
        module.finish()
    }
}

/// Bytes of data, in whole pages of the machine, that a heap may have: as many as the largest bundles that are built.
const MOST_DATA: usize = 256 << 20;

/// The digest of a bundle without its memory and data.
pub(crate) type CodeId = [u8; 32];

/// Why a component is compiled as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unknown(Cow<'static, str>);

impl<'a> Split<'a> {
    /// Takes `component` apart, without looking at its code.
    pub(crate) fn new(component: &'a [u8]) -> Result<Self, Unknown> {
        let main = main_module(component)?;
        let mut code = Code::default();
        code.sections(&component[HEADER..main.start - section_header(component, &main)?])?;
        let heap = take_heap(&component[main.clone()], &mut code)?;
        code.sections(&component[main.end..])?;
        Ok(Self { component, main, code, heap })
    }

    /// What was taken apart.
    pub(crate) fn component(&self) -> &'a [u8] {
        self.component
    }

    /// The component without its heap, which it imports instead: any heap.
    pub(crate) fn shell(&self) -> Result<Vec<u8>, Unknown> {
        self.shell_for(ANY_MEMORY)
    }

    /// The same for a memory of just the size that it has: another of its modules may import that memory.
    pub(crate) fn exact_shell(&self) -> Result<Vec<u8>, Unknown> {
        self.shell_for(self.heap.memory.ty())
    }

    fn shell_for(&self, memory: MemoryType) -> Result<Vec<u8>, Unknown> {
        check_whole(self.component)?;
        let mut shell = Component::new();
        declare_heap(&mut shell, memory);
        let main = without_heap(&self.component[self.main.clone()], memory)?;
        let mut rewrite = Rewrite { main, ..Rewrite::default() };
        rewrite
            .parse_component(&mut shell, Parser::new(0), self.component)
            .map_err(|error| Unknown(error.to_string().into()))?;
        if rewrite.instantiated != 1 || rewrite.used_otherwise {
            return Err(Unknown("its main module is not instantiated just once".into()));
        }
        if rewrite.another_memory_or_start {
            return Err(Unknown("another of its modules has a memory, or runs code when it is instantiated".into()));
        }
        Ok(shell.finish())
    }
}

/// The rewriter takes it for granted that what it reads is whole, and ends the process where it is not.
fn check_whole(component: &[u8]) -> Result<(), Unknown> {
    for payload in Parser::new(0).parse_all(component) {
        // The validator lets a component pass that ends within one of its parts.
        if let Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } =
            payload?
            && unchecked_range.end > component.len()
        {
            return Err(Unknown("it ends within one of its parts".into()));
        }
    }
    Validator::new_with_features(WasmFeatures::all()).validate_all(component)?;
    Ok(())
}

/// What is left of a bundle without its memory and data, piece by piece. Two that are equal have the same code.
///
/// A bundle's code is compared with what is known, and digested only if it is not: with megabytes of code in each of
/// ten thousand bundles, the digests would take most of the time of loading them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Code<'a>(Vec<(u8, Cow<'a, [u8]>)>);

impl<'a> Code<'a> {
    fn piece(&mut self, id: u8, bytes: &'a [u8]) {
        self.0.push((id, bytes.into()));
    }

    /// A component's sections, without those that say nothing of what it does, but what it is called: an app's name is in one, and apps
    /// of other names have the same code.
    fn sections(&mut self, bytes: &'a [u8]) -> Result<(), Unknown> {
        let mut reader = BinaryReader::new(bytes, 0);
        while !reader.eof() {
            let start = reader.current_position();
            let id = reader.read_u8()?;
            let length = reader.read_var_u32()? as usize;
            let contents = reader.read_bytes(length)?;
            if id == ComponentSectionId::CoreCustom as u8 {
                // Without a whole name it is no section, and what it is in is no component.
                BinaryReader::new(contents, 0).read_string()?;
            } else {
                self.piece(0, &bytes[start..reader.current_position()]);
            }
        }
        Ok(())
    }

    pub(crate) fn id(&self) -> CodeId {
        let mut digest = Sha256::new();
        for (id, bytes) in &self.0 {
            // With its length, so that no two lists of pieces read the same.
            digest.update([*id]);
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        }
        digest.finalize().into()
    }

    /// The same, outliving the bundle.
    pub(crate) fn to_owned(&self) -> Code<'static> {
        Code(self.0.iter().map(|(id, bytes)| (*id, bytes.to_vec().into())).collect())
    }
}

/// Where the first core module is: wit-component puts the one that it was given there.
fn main_module(component: &[u8]) -> Result<Range<usize>, Unknown> {
    let mut parser = Parser::new(0);
    let mut at = 0;
    while let Some(rest) = component.get(at..).filter(|rest| !rest.is_empty()) {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else { break };
        at += consumed;
        match payload {
            Payload::ModuleSection { unchecked_range, .. } if component.get(unchecked_range.clone()).is_some() => {
                return Ok(unchecked_range);
            }
            Payload::ModuleSection { .. } => break,
            Payload::ComponentSection { unchecked_range, .. } => at += unchecked_range.len(),
            _ => {}
        }
    }
    Err(Unknown("it has no core module".into()))
}

/// How many bytes the section's id and length take before its contents.
fn section_header(component: &[u8], main: &Range<usize>) -> Result<usize, Unknown> {
    // The length in LEB128, seven bits a byte; encoders may pad it.
    let length_bytes = component[..main.start].iter().rev().skip(1).take_while(|byte| **byte & 0x80 != 0).count() + 1;
    match component[..main.start - length_bytes].last() {
        Some(id) if *id == ComponentSectionId::CoreModule as u8 => Ok(length_bytes + 1),
        _ => Err(Unknown("its main module has an unusual header".into())),
    }
}

/// Takes the main module's memory and data, and notes everything else, and where among it they were: what has the same
/// code as a valid bundle is a valid one too.
fn take_heap<'a>(main: &'a [u8], code: &mut Code<'a>) -> Result<Heap<'a>, Unknown> {
    let (mut memories, mut data) = (Vec::new(), Vec::new());
    let (mut segments, mut announced) = (0, None);
    for payload in Parser::new(0).parse_all(main) {
        let payload = payload?;
        match &payload {
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let memory = memory?;
                    if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
                        return Err(Unknown("its memory is of an unusual type".into()));
                    }
                    memories.push(MemorySize { minimum: memory.initial, maximum: memory.maximum });
                }
                code.piece(SectionId::Memory as u8, &[]);
                continue;
            }
            Payload::DataSection(section) => {
                for segment in section.clone() {
                    let segment = segment?;
                    match segment.kind {
                        DataKind::Active { memory_index: 0, offset_expr } => match constant(&offset_expr) {
                            Some(offset) => data.push((offset as usize, segment.data)),
                            None => return Err(Unknown("it has data whose place is not known beforehand".into())),
                        },
                        // Nothing until an instruction asks for it, of which a shell has none (see below).
                        DataKind::Passive => {}
                        DataKind::Active { .. } => {
                            return Err(Unknown("it has data for a memory that it does not have".into()));
                        }
                    }
                    segments += 1;
                }
                code.piece(SectionId::Data as u8, &[]);
                continue;
            }
            // Says how many data segments there are, for instructions that name one. A shell in which there are such
            // instructions is not valid, and is not compiled.
            Payload::DataCountSection { count, .. } => {
                code.piece(SectionId::DataCount as u8, &[]);
                announced = Some(*count);
                continue;
            }
            Payload::CodeSectionEntry(_) => continue,
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    if matches!(import?.ty, TypeRef::Memory(_)) {
                        return Err(Unknown("it imports a memory".into()));
                    }
                }
            }
            Payload::StartSection { .. } => return Err(Unknown("it runs code when it is instantiated".into())),
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            code.piece(id, &main[range]);
        }
    }
    let [memory] = memories[..] else { return Err(Unknown("it does not define one memory".into())) };
    let size = memory.minimum.saturating_mul(WASM_PAGE);
    if data.iter().any(|(offset, data)| (offset + data.len()) as u64 > size) {
        return Err(Unknown("it has data beyond its memory".into()));
    }
    if announced.is_some_and(|announced| announced != segments) {
        return Err(Unknown("it has another number of data segments than it says".into()));
    }
    // A piece of one byte takes a page, and what lies between two pieces may come to take as much as if it were data.
    let taken = data.iter().map(|(_, data)| data.len() + PAGE).sum::<usize>();
    let start = data.iter().map(|(offset, _)| *offset).min().unwrap_or(0);
    let end = data.iter().map(|(offset, data)| offset + data.len()).max().unwrap_or(0);
    if taken > MOST_DATA || end - start > 4 * taken + SPARSE {
        return Err(Unknown("it has too much data, or too little in too many places".into()));
    }
    Ok(Heap { memory, data })
}

/// Bytes.
const WASM_PAGE: u64 = 64 << 10;

fn constant(offset: &wasmparser::ConstExpr<'_>) -> Option<u32> {
    let mut operators = offset.get_operators_reader();
    match (operators.read(), operators.read()) {
        (Ok(Operator::I32Const { value }), Ok(Operator::End)) => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// The main module, importing its memory.
fn without_heap(main: &[u8], memory: MemoryType) -> Result<Module, Unknown> {
    let mut module = Module::new();
    let mut imports = ImportSection::new();
    let mut imported = false;
    for payload in Parser::new(0).parse_all(main) {
        let payload = payload?;
        let (id, range) = match &payload {
            Payload::ImportSection(section) => {
                let copied = RoundtripReencoder.parse_import_section(&mut imports, section.clone());
                copied.map_err(|error| Unknown(error.to_string().into()))?;
                continue;
            }
            Payload::MemorySection(_) | Payload::DataSection(_) | Payload::DataCountSection { .. } => continue,
            Payload::CodeSectionEntry(_) => continue,
            payload => match payload.as_section() {
                Some(section) => section,
                None => continue,
            },
        };
        // Types come before imports, and everything else after them.
        if !imported && id != SectionId::Type as u8 && id != SectionId::Custom as u8 {
            import_heap(&mut module, &mut imports, memory);
            imported = true;
        }
        module.section(&RawSection { id, data: &main[range] });
    }
    if !imported {
        import_heap(&mut module, &mut imports, memory);
    }
    Ok(module)
}

fn import_heap(module: &mut Module, imports: &mut ImportSection, memory: MemoryType) {
    imports.import(HEAP_INSTANCE, MEMORY, memory);
    module.section(imports);
}

/// The least that a memory can be, so that the import takes the heap of any bundle.
const ANY_MEMORY: MemoryType =
    MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };

/// The head of a shell: the module of the memory is its core module 0, and the instance of it its core instance 0.
fn declare_heap(shell: &mut Component, memory: MemoryType) {
    let mut ty = ModuleType::new();
    ty.export(MEMORY, memory.into());
    let mut types = CoreTypeSection::new();
    types.ty().module(&ty);
    let mut imports = ComponentImportSection::new();
    imports.import(HEAP, ComponentTypeRef::Module(0));
    let mut instances = InstanceSection::new();
    instances.instantiate(0, std::iter::empty::<(&str, ModuleArg)>());
    shell.section(&types).section(&imports).section(&instances);
}

/// Copies a component behind the head of a shell: modules and instances move up by one, and the main module is another.
#[derive(Default)]
struct Rewrite {
    main: Module,
    /// How many components deep in the one that is copied.
    depth: u32,
    modules_seen: u32,
    instantiated: u32,
    used_otherwise: bool,
    another_memory_or_start: bool,
}

impl Reencode for Rewrite {
    type Error = Unknown;
}

impl ReencodeComponent for Rewrite {
    fn module_index(&mut self, module: u32) -> u32 {
        self.moved_module(self.depth == 0, module)
    }

    fn outer_module_index(&mut self, count: u32, module: u32) -> u32 {
        self.moved_module(self.depth == count, module)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        if self.depth == 0 { instance + 1 } else { instance }
    }

    fn parse_core_type_section(
        &mut self,
        types: &mut CoreTypeSection,
        section: CoreTypeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        if self.depth == 0 {
            // The type of the memory's module would move them.
            return Err(reencode::Error::UserError(Unknown("it has core types".into())));
        }
        reencode::component_utils::parse_core_type_section(self, types, section)
    }

    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _parser: Parser,
        module: &[u8],
    ) -> Result<(), reencode::Error<Self::Error>> {
        if self.depth == 0 && self.modules_seen == 0 {
            component.section(&ModuleSection(&self.main));
        } else {
            self.another_memory_or_start |= has_memory_or_start(module)?;
            component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: module });
        }
        self.modules_seen += 1;
        Ok(())
    }

    /// Names and producers, which nothing that runs asks for.
    fn parse_component_custom_section(
        &mut self,
        _component: &mut Component,
        _section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        Ok(())
    }

    fn parse_instance(
        &mut self,
        instances: &mut InstanceSection,
        instance: Instance<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        match instance {
            Instance::Instantiate { module_index: 0, args } if self.depth == 0 => {
                self.instantiated += 1;
                let heap = (HEAP_INSTANCE, ModuleArg::Instance(0));
                let others = args.iter().map(|arg| (arg.name, ModuleArg::Instance(self.instance_index(arg.index))));
                let args: Vec<_> = others.chain([heap]).collect();
                instances.instantiate(1, args);
                Ok(())
            }
            instance => reencode::component_utils::parse_instance(self, instances, instance),
        }
    }
}

/// A heap is for the first memory that is made.
fn has_memory_or_start(module: &[u8]) -> Result<bool, BinaryReaderError> {
    for payload in Parser::new(0).parse_all(module) {
        if matches!(payload?, Payload::MemorySection(_) | Payload::StartSection { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Rewrite {
    fn moved_module(&mut self, of_the_bundle: bool, module: u32) -> u32 {
        self.used_otherwise |= of_the_bundle && module == 0;
        if of_the_bundle { module + 1 } else { module }
    }
}

impl From<BinaryReaderError> for Unknown {
    fn from(error: BinaryReaderError) -> Self {
        Self(error.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::Split;

    /// What wit-component makes, in short: imports that need the memory go by a table.
    fn component(main: &str, rest: &str) -> Vec<u8> {
        let text = format!("(component (core module $main {main}) {rest})");
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    const ONCE: &str = "(core instance $i (instantiate $main))";

    fn refusal(main: &str, rest: &str) -> String {
        let component = component(main, rest);
        let shell = Split::new(&component).and_then(|split| split.shell());
        shell.map(|_| ()).expect_err("it was taken apart").to_string()
    }

    #[test]
    fn bundles_that_differ_in_their_heaps_have_the_same_code() {
        let split = |heap: &str| {
            let component = component(&format!("(memory (export \"memory\") {heap}"), ONCE);
            let split = Split::new(&component).expect("it has a known shape");
            (split.code.id(), split.heap.memory.module(), split.shell().expect("it has a known shape"))
        };
        let (code, heap, shell) = split("1) (data (i32.const 8) \"one\")");
        let (other_code, other_heap, other_shell) =
            split("7 9) (data (i32.const 8) \"another\") (data (i32.const 70000) \"two\")");
        assert_eq!((code, &shell), (other_code, &other_shell));
        assert_ne!(heap, other_heap);
        assert_ne!(code, split("1) (func)").0);
        assert_ne!(code, split("1) (global i32 (i32.const 1))").0);
    }

    #[test]
    fn bundles_of_apps_of_other_names_have_the_same_code() {
        let code = |name: &str| {
            let text = format!("(component ${name} (core module $main (memory 1)) {ONCE})");
            let component = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert!(component.windows(name.len()).any(|part| part == name.as_bytes()), "{name} is in it");
            Split::new(&component).expect("it has a known shape").code.id()
        };
        assert_eq!(code("shop"), code("another"));
    }

    #[test]
    fn a_section_whose_name_is_not_whole_is_refused_whatever_else_is_known() {
        let component = component("(memory 1)", ONCE);
        let with = |section: &[u8]| Split::new(&[&component[..], section].concat()).map(|_| ());
        assert_eq!(with(&[0, 2, 1, b'x']), Ok(()));
        for section in [&[0, 0][..], &[0, 2, 2, b'x'], &[0, 2, 1, 0xff], &[0, 3, 1, b'x'], &[0]] {
            assert!(with(section).is_err(), "{section:?}");
        }
    }

    #[test]
    fn shapes_for_which_it_might_not_be_the_same_program_are_left_whole() {
        let memory = "(memory 1)";
        for (main, rest, why) in [
            ("", ONCE, "does not define one memory"),
            ("(memory 1) (memory 1)", ONCE, "does not define one memory"),
            ("(memory i64 1)", ONCE, "unusual type"),
            ("(memory 1 1 shared)", ONCE, "unusual type"),
            ("(memory 1) (func $f) (start $f)", ONCE, "runs code"),
            ("(memory 1) (global $g i32 (i32.const 1)) (data (global.get $g) \"x\")", ONCE, "not known beforehand"),
            (memory, "", "not instantiated just once"),
            (memory, "(core instance (instantiate $main)) (core instance (instantiate $main))", "just once"),
            (
                memory,
                "(core instance (instantiate $main)) (component (alias outer 1 $main (core module)))",
                "just once",
            ),
            (
                memory,
                "(core instance (instantiate $main)) (core module $other (memory 1)) (core instance (instantiate $other))",
                "another of its modules",
            ),
            (memory, "(core type (func)) (core instance (instantiate $main))", "core types"),
        ] {
            let refusal = refusal(main, rest);
            assert!(refusal.contains(why), "{main} {rest}: {refusal}");
        }
    }

    #[test]
    fn what_is_not_whole_is_an_error_at_every_length() {
        let component = component("(memory 1) (data (i32.const 0) \"x\")", ONCE);
        for length in 0..component.len() {
            let cut = &component[..length];
            let taken_apart = Split::new(cut).and_then(|split| split.shell()).is_ok();
            // A component may end after any of its sections.
            let is_whole = wasmparser::validate(cut).is_ok();
            assert!(!taken_apart || is_whole, "{length} of {} bytes", component.len());
        }
    }
}
