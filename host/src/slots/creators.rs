//! What wasmtime asks for memories and stacks.
#![allow(unsafe_code, reason = "wasmtime relies on what these promise; each says why it holds")]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType, StackCreator, StackMemory};

use super::space::{Area, PAGE};
use super::{Contents, GUARD, MEMORY, NEXT, STACK_GUARD, Slot, Slots};

/// Gives wasmtime the slots' memories and stacks.
#[derive(Debug)]
pub(crate) struct Creator(pub(crate) Arc<Slots>);

// SAFETY: a slot has the whole reservation and guard that compiled code counts on, or the call is refused; it is given to
// one store at a time. That its first bytes are a heap's and not zero matters to the program that is in it alone: the
// heap is the data that the memory's bundle has for it. Or else it is what the same program has left there, when its store
// is gone.
unsafe impl MemoryCreator for Creator {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved.is_none_or(|reserved| reserved > MEMORY) || guard > GUARD {
            return Err("the engine's settings promise more address space than a slot has".into());
        }
        if minimum > MEMORY || !minimum.is_multiple_of(PAGE) {
            return Err(format!("a memory of {minimum} bytes fits no slot"));
        }
        let image = match NEXT.take() {
            Some(Contents::Remains(Remains(memory))) if memory.byte_size() >= minimum => return Ok(Box::new(memory)),
            Some(Contents::Remains(_)) => return Err("what the guest left is smaller than its memory".into()),
            Some(Contents::Heap(image)) => image,
            None => Arc::default(),
        };
        let slot = self.0.take(image, minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(Memory { slot: Some(slot), slots: self.0.clone(), may_grow: true }))
    }
}

/// A slot, until the store that has it is gone.
struct Memory {
    /// There until the value is dropped.
    slot: Option<Slot>,
    slots: Arc<Slots>,
    may_grow: bool,
}

impl Memory {
    fn area(&self) -> &Area {
        &self.slot.as_ref().expect("a memory has its slot while it lives").area
    }
}

// SAFETY: the area is the slot's, which is this value's: it does not move, and is open up to the size that is told.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.area().open()
    }

    fn byte_capacity(&self) -> usize {
        MEMORY
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if !self.may_grow {
            return Err(wasmtime::Error::msg("what a guest has left does not grow"));
        }
        if new_size > MEMORY || !new_size.is_multiple_of(PAGE) {
            return Err(wasmtime::Error::msg("a slot has no more than 4 GiB"));
        }
        let slot = self.slot.as_mut().expect("a memory has its slot while it lives");
        Ok(slot.area.set_open(new_size)?)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.area().start()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let Some(mut slot) = self.slot.take() else { return };
        if KEEPS.replace(false) {
            self.slots.look_at(&mut slot);
            KEPT.set(Some(Remains(Self { slot: Some(slot), slots: self.slots.clone(), may_grow: false })));
        } else {
            self.slots.give_back(slot);
        }
    }
}

/// The memory of a store that is gone, as its guest has left it. It holds the slot; what the guest wrote is gone when this
/// is dropped, or the store that it is given to.
pub(crate) struct Remains(Memory);

impl fmt::Debug for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remains").field(&self.0.byte_size()).finish()
    }
}

thread_local! {
    /// Whether the next memory that this thread drops is to be kept.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    static KEPT: RefCell<Option<Remains>> = const { RefCell::new(None) };
}

/// Runs `work`, which drops a store, and keeps the memory that the store had.
pub(crate) fn keeping_memory<T>(work: impl FnOnce() -> T) -> (T, Option<Remains>) {
    /// If only because of a panic.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            KEEPS.set(false);
        }
    }
    KEEPS.set(true);
    let _reset = Reset;
    (work(), KEPT.take())
}

// SAFETY: a stack is one store's at a time, whole pages, and zero; below it are bytes that always fault.
unsafe impl StackCreator for Creator {
    fn new_stack(&self, size: usize, _zeroed: bool) -> Result<Box<dyn StackMemory>, wasmtime::Error> {
        let stack = self.0.take_stack()?;
        if stack.len() < size {
            return Err(wasmtime::Error::msg("the engine's settings promise more stack than there is"));
        }
        Ok(Box::new(Stack { area: Some(stack), slots: self.0.clone() }))
    }
}

/// A stack, until the store that has it is gone.
struct Stack {
    area: Option<Area>,
    slots: Arc<Slots>,
}

impl Stack {
    fn area(&self) -> &Area {
        self.area.as_ref().expect("a stack is there while it lives")
    }
}

// SAFETY: the area is open from end to end, and below it is the space's guard.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.area().start().wrapping_add(self.area().len())
    }

    fn range(&self) -> Range<usize> {
        self.area().start().addr()..self.top().addr()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let start = self.area().start();
        start.wrapping_sub(STACK_GUARD)..start
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(area) = self.area.take() {
            self.slots.give_stack_back(area);
        }
    }
}
