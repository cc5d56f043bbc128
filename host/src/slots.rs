//! The pool: where renders have their memory and their stacks.
//!
//! A slot is 4 GiB of address space with what faults around it. When a render ends, what it wrote is written over with
//! what was there when it began, so that its slot is as good as new at once; the slot keeps its mappings and the pages
//! that were written, so that the next render meets neither a call of the kernel's nor a page fault. A slot goes to the
//! same heap again if it can, to one of the same engine if not, which costs a copy of the pages that differ, and to
//! another engine's at last, which costs a mapping.
//!
//! wasmtime has a pool too, and these are the reasons for another: its scan for written pages passes over those that
//! the kernel is moving (see [`Scan::written`]), and its slots know whole heaps only, so that ten thousand tenants who
//! differ in some pages each would pay for mapping and page faults at every turn.

use std::cell::{Cell, RefCell};
use std::io;
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::locked::locked;

mod creators;
mod faults;
mod image;
mod scan;
mod space;

pub(crate) use creators::{Creator, Remains, keeping_memory};
pub(crate) use faults::Watch;
pub(crate) use image::{Bases, Image};
pub(crate) use scan::Scan;
pub(crate) use space::PAGE;
use space::{Area, Space};

/// What a 32-bit memory can grow to; compiled code counts on all of it being reserved, and leaves out its checks.
pub(crate) const MEMORY: usize = 4 << 30;

/// What always faults behind a memory: an address is 32 bits and so is the offset in an instruction, and offsets of less
/// than this are not checked.
pub(crate) const GUARD: usize = 32 << 20;

/// What always faults below a stack.
const STACK_GUARD: usize = 64 << 10;

/// Of a stack a render touches a few pages.
const STACK_RESIDENT: usize = 16 << 10;

/// What a slot takes with its stack.
pub(crate) fn address_space(stack: usize) -> u64 {
    [MEMORY, GUARD, stack, STACK_GUARD].into_iter().fold(0, |sum, bytes| sum.saturating_add(bytes as u64))
}

/// The slots of an engine.
#[derive(Debug)]
pub(crate) struct Slots {
    memories: Shards<Slot>,
    stacks: Shards<Area>,
    scan: Option<Scan>,
    keep_resident: usize,
}

/// How the pool is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) slots: usize,
    /// Bytes of a stack, in whole pages.
    pub(crate) stack: usize,
    /// Bytes that a slot keeps for the next render.
    pub(crate) keep_resident: usize,
    /// Processors, each of which gets slots of its own.
    pub(crate) shards: usize,
}

impl Slots {
    /// Reserves address space; memory is taken as it is used. `scan` finds what was written; without it the first bytes
    /// of a slot are always copied.
    pub(crate) fn new(plan: Plan, scan: Option<Scan>) -> io::Result<Self> {
        let memories = Space::areas(plan.slots, MEMORY, GUARD)?.into_iter().map(Slot::new).collect();
        let stacks = Space::areas(plan.slots, plan.stack, STACK_GUARD)?;
        Ok(Self {
            memories: Shards::new(memories, plan.shards),
            stacks: Shards::new(stacks, plan.shards),
            scan,
            keep_resident: plan.keep_resident / PAGE * PAGE,
        })
    }

    /// A slot with `image` in its first `size` bytes.
    fn take(&self, image: Arc<Image>, size: usize) -> io::Result<Slot> {
        let mut slot = self.memories.take(|slot| slot.distance(&image)).ok_or_else(full)?;
        match slot.prepare(image, size, self.scan.is_some()) {
            Ok(()) => Ok(slot),
            Err(error) => {
                self.start_over(slot);
                Err(error)
            }
        }
    }

    /// Takes a slot back from a render, of which nothing is left in it afterwards.
    fn give_back(&self, mut slot: Slot) {
        // A heap that nobody has any more is not kept.
        let is_wanted = slot.image.base().is_none() || Arc::strong_count(&slot.image) > 1;
        let restored = slot.restore(self.scan.as_ref(), self.keep_resident);
        CHANGED.set(restored.as_ref().ok().copied());
        match restored {
            Ok(_) if is_wanted => self.memories.give(slot),
            _ => self.start_over(slot),
        }
    }

    /// Notes for [`changed_pages`] what a slot's render has changed that does not give it back yet.
    fn look_at(&self, slot: &mut Slot) {
        CHANGED.set(slot.changed(self.scan.as_ref(), self.keep_resident).ok());
    }

    /// Bytes of memory that the free slots hold.
    pub(crate) fn resident(&self) -> u64 {
        let of = |slot: &Slot| match &slot.written {
            Some(written) => written.bytes(),
            None => self.keep_resident.min(slot.area.open()),
        };
        self.memories.0.iter().map(|list| locked(list).iter().map(of).sum::<usize>() as u64).sum()
    }

    /// Keeps `image` no longer: its bundle is gone.
    fn forget(&self, image: &Arc<Image>) {
        for list in &self.memories.0 {
            for slot in locked(list).iter_mut().filter(|slot| Arc::ptr_eq(&slot.image, image)) {
                // What cannot be emptied now is when it gets another heap.
                let _ = slot.make_empty();
            }
        }
    }

    /// For a slot of which it is not known what is in it.
    fn start_over(&self, mut slot: Slot) {
        // If the kernel cannot even do that, the slot is given up: one render fewer at once, and nothing read by another.
        if slot.make_empty().is_ok() {
            self.memories.give(slot);
        }
    }

    fn take_stack(&self) -> io::Result<Area> {
        let mut stack = self.stacks.take(|_| 0).ok_or_else(full)?;
        // For the first time.
        let opened = stack.set_open(stack.len());
        match opened {
            Ok(()) => Ok(stack),
            Err(error) => {
                self.stacks.give(stack);
                Err(error)
            }
        }
    }

    /// A stack has held another tenant's values.
    fn give_stack_back(&self, mut stack: Area) {
        let kept = stack.len().saturating_sub(STACK_RESIDENT);
        // Below what is kept there are no pages, unless the render met page faults.
        if (self.scan.is_some() && faults::none_was_met()) || stack.discard(0..kept).is_ok() {
            stack.bytes_mut(kept..stack.len()).fill(0);
            self.stacks.give(stack);
        }
    }
}

/// Tries on a few pages whether the kernel does what [`Slot::restore`] counts on.
pub(crate) fn find_scan() -> io::Result<Scan> {
    let scan = Scan::new()?;
    let image = Image::new([(0, &[1; 8 * PAGE][..])].into_iter(), &Bases::default())?;
    let [area] = &mut Space::areas(1, 16 * PAGE, PAGE)?[..] else { unreachable!("one was asked for") };
    area.set_open(16 * PAGE)?;
    if let Some(base) = image.base() {
        area.map(base.range(), base.file())?;
    }
    // Pages that were only read are no written ones, whether or not there is a file below.
    let sum: u64 = area.bytes_mut(0..8 * PAGE).iter().map(|byte| u64::from(*byte)).sum();
    let before = faults::of_this_thread();
    for page in [1, 2, 6, 9] {
        area.bytes_mut(page * PAGE..(page + 1) * PAGE)[0] = 2;
    }
    let after = faults::of_this_thread();
    let faults = before.zip(after).map_or(0, |(before, after)| after - before);
    let found = scan.written(area, 0..16 * PAGE, 16)?;
    let expected = [1..3, 6..7, 9..10].map(|pages| pages.start * PAGE..pages.end * PAGE);
    if sum == 8 * PAGE as u64 && faults >= 4 && found.ranges().eq(expected) && found.end == 16 * PAGE {
        Ok(scan)
    } else {
        Err(io::Error::other("it did not find the pages that a trial wrote"))
    }
}

/// A bundle's heap, while the bundle is there.
#[derive(Debug)]
pub(crate) struct Heap {
    image: Arc<Image>,
    slots: Arc<Slots>,
}

impl Heap {
    pub(crate) fn new(image: Image, slots: &Arc<Slots>) -> Self {
        Self { image: Arc::new(image), slots: slots.clone() }
    }

    pub(crate) fn image(&self) -> &Arc<Image> {
        &self.image
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.slots.forget(&self.image);
    }
}

fn full() -> io::Error {
    io::Error::other("every slot of the pool is taken")
}

/// One render's memory at a time.
#[derive(Debug)]
struct Slot {
    area: Area,
    /// What is in the area, when no render has it.
    image: Arc<Image>,
    /// What may have been written since it was mapped, if that is known.
    written: Option<Written>,
}

/// All pages that may have been written, up to where that was looked at. Pages beyond may be there too, and be written
/// without a page fault.
#[derive(Debug)]
struct Written {
    end: usize,
    pages: Vec<Touched>,
}

/// Pages in a row that may have been written.
#[derive(Debug)]
struct Touched {
    range: Range<usize>,
    /// How many renders have left them as they were since one changed them last.
    unchanged: u32,
}

impl Written {
    fn bytes(&self) -> usize {
        self.pages.iter().map(|touched| touched.range.len()).sum()
    }
}

/// After so many renders that left them as they were, pages are given back to the kernel: another app's, or a seldom way's, would
/// be compared with the heap's after each render, for ever. One that every render writes, and writes back, costs one a page
/// fault in so many.
const FORGOTTEN: u32 = 1024;

/// A slot that goes to another heap gives back what is written beyond this: it is not for one tenant to pay for having
/// another one's pages written anew.
const HANDED_ON: usize = 256 << 10;

impl Slot {
    fn new(area: Area) -> Self {
        Self { area, image: Arc::default(), written: None }
    }

    /// How much there is to do before a render with `image` can begin.
    fn distance(&self, image: &Arc<Image>) -> u8 {
        if Arc::ptr_eq(&self.image, image) {
            0
        } else if self.has_base_of(image) {
            1
        } else if self.image.base().is_none() {
            2
        } else {
            FARTHEST
        }
    }

    fn has_base_of(&self, image: &Image) -> bool {
        self.image.base().map(Arc::as_ptr) == image.base().map(Arc::as_ptr)
    }

    /// Puts `image` into the slot. `scans` says whether only what was written is written over afterwards.
    fn prepare(&mut self, image: Arc<Image>, size: usize, scans: bool) -> io::Result<()> {
        if self.area.is_broken() || !self.has_base_of(&image) {
            self.make_empty()?;
            if let Some(base) = image.base() {
                self.area.set_open(base.range().end)?;
                self.area.map(base.range(), base.file())?;
                self.image = Arc::new(Image::of_base(base));
            }
        }
        if !Arc::ptr_eq(&self.image, &image) {
            // Of the old heap's pages that differ each becomes the base's again, unless it is also one of the new one's.
            // Some may be where the memory has yet to grow to: what the base has there is not in the new heap.
            let old = mem::replace(&mut self.image, image);
            let new = self.image.clone();
            let end = new.end().max(old.end()).max(size).max(self.area.open());
            self.area.set_open(end)?;
            let is_much = match &self.written {
                Some(written) => written.bytes() > HANDED_ON,
                // It was more than is kept.
                None => scans,
            };
            if is_much {
                self.area.discard(0..end)?;
                self.written = None;
            }
            for number in old.numbers().iter().chain(new.numbers()) {
                self.copy(number * PAGE..(number + 1) * PAGE);
            }
        }
        self.area.set_open(size)
    }

    /// Writes over what a render has written. Gives the number of pages that it had changed, as [`Usage::pages`] counts them.
    ///
    /// [`Usage::pages`]: crate::Usage::pages
    fn restore(&mut self, scan: Option<&Scan>, keep_resident: usize) -> io::Result<u64> {
        if self.area.is_broken() {
            return Err(io::Error::other("what is open in the slot is not known"));
        }
        let size = self.area.open();
        let known = self.written.take().filter(|written| size <= written.end && faults::none_was_met());
        let (done, mut changed) = match (scan, known) {
            (Some(_), Some(written)) => (size, self.restore_known(written)?),
            (Some(scan), None) => self.restore_written(scan, keep_resident)?,
            (None, _) => {
                let kept = keep_resident.min(size);
                (kept, self.copy(0..kept))
            }
        };
        if done == size {
            return Ok(changed);
        }
        changed += self.touched(scan, done..size)?;
        self.written = None;
        self.area.discard(done..size)?;
        // Those pages are the base's now.
        let image = self.image.clone();
        for number in image.numbers() {
            let page = number * PAGE;
            if (done..size).contains(&page) {
                self.copy(page..page + PAGE);
            }
        }
        Ok(changed)
    }

    /// What was written, where that is known beforehand.
    fn restore_known(&mut self, mut written: Written) -> io::Result<u64> {
        let size = self.area.open();
        let (mut changed, mut is_any_forgotten) = (0, false);
        for Touched { range, unchanged } in &mut written.pages {
            // What is closed the render could not reach.
            let of_range = self.copy(range.start.min(size)..range.end.min(size));
            *unchanged = if of_range == 0 && range.end <= size { *unchanged + 1 } else { 0 };
            is_any_forgotten |= *unchanged >= FORGOTTEN;
            changed += of_range;
        }
        if is_any_forgotten {
            self.forget(&mut written)?;
        }
        self.written = Some(written);
        Ok(changed)
    }

    /// Gives back what no render has changed for long, but for the pages in which the heap is not its base.
    fn forget(&mut self, written: &mut Written) -> io::Result<()> {
        let image = self.image.clone();
        let is_own = |range: &Range<usize>| image.numbers().iter().any(|number| range.contains(&(number * PAGE)));
        for Touched { range, unchanged } in &mut written.pages {
            if *unchanged < FORGOTTEN {
                continue;
            }
            if is_own(range) {
                *unchanged = 0;
            } else {
                self.area.discard(range.clone())?;
            }
        }
        written.pages.retain(|touched| touched.unchanged < FORGOTTEN);
        Ok(())
    }

    /// Up to `most` bytes of what was written; says up to where there is nothing more to do, and how many pages had changed.
    fn restore_written(&mut self, scan: &Scan, most: usize) -> io::Result<(usize, u64)> {
        let size = self.area.open();
        let (mut at, mut kept, mut changed, mut written) = (0, 0, 0, Vec::new());
        while at < size && kept < most {
            let found = scan.written(&self.area, at..size, (most - kept) / PAGE)?;
            at = found.end;
            for range in found.ranges() {
                kept += range.len();
                changed += self.copy(range.clone());
                written.push(Touched { range, unchanged: 0 });
            }
        }
        self.written = Some(Written { end: at, pages: written });
        Ok((at, changed))
    }

    /// The number of pages that a render has changed, as [`Slot::restore`] gives it, with everything left as it is.
    fn changed(&mut self, scan: Option<&Scan>, keep_resident: usize) -> io::Result<u64> {
        let size = self.area.open();
        let Some(scan) = scan else {
            return Ok(self.differences(0..keep_resident.min(size)));
        };
        let (mut at, mut kept, mut changed) = (0, 0, 0);
        while at < size && kept < keep_resident {
            let found = scan.written(&self.area, at..size, (keep_resident - kept) / PAGE)?;
            at = found.end;
            for range in found.ranges() {
                kept += range.len();
                changed += self.differences(range);
            }
        }
        Ok(changed + self.touched(Some(scan), at..size)?)
    }

    /// How many pages of a range that was given back to the kernel before the render are there now. Those that the heap itself
    /// has there were put there by us, so that they count only if they differ.
    fn touched(&mut self, scan: Option<&Scan>, range: Range<usize>) -> io::Result<u64> {
        let Some(scan) = scan else { return Ok(0) };
        let (mut at, mut touched) = (range.start, 0);
        while at < range.end {
            let found = scan.written(&self.area, at..range.end, usize::MAX / PAGE)?;
            at = found.end;
            touched += found.ranges().map(|range| range.len() / PAGE).sum::<usize>() as u64;
        }
        let image = self.image.clone();
        let own = image.numbers().iter().map(|number| number * PAGE).filter(|page| range.contains(page));
        let unchanged: u64 = own.map(|page| 1 - self.differences(page..page + PAGE)).sum();
        Ok(touched.saturating_sub(unchanged))
    }

    fn differences(&mut self, range: Range<usize>) -> u64 {
        self.image.differences(self.area.bytes_mut(range.clone()), range.start)
    }

    fn copy(&mut self, range: Range<usize>) -> u64 {
        self.image.copy_to(self.area.bytes_mut(range.clone()), range.start)
    }

    fn make_empty(&mut self) -> io::Result<()> {
        self.area.make_empty()?;
        (self.image, self.written) = (Arc::default(), None);
        Ok(())
    }
}

/// What is free, in as many lists as there are processors: a thread takes from its own and gives back to its own, and
/// looks elsewhere when that is empty.
#[derive(Debug)]
struct Shards<T>(Box<[Mutex<Vec<T>>]>);

impl<T> Shards<T> {
    fn new(free: Vec<T>, shards: usize) -> Self {
        let mut lists: Vec<Vec<T>> = (0..shards.max(1)).map(|_| Vec::new()).collect();
        let count = lists.len();
        for (number, one) in free.into_iter().enumerate() {
            lists[number % count].push(one);
        }
        Self(lists.into_iter().map(Mutex::new).collect())
    }

    /// The nearest of the first list that is not empty; of those that are as near the one that was used last.
    fn take(&self, distance: impl Fn(&T) -> u8) -> Option<T> {
        // Who may take one finds one, if not at once: others give and take while the lists are gone through.
        for _ in 0..100 {
            if let Some(one) = self.take_now(&distance) {
                return Some(one);
            }
            std::thread::yield_now();
        }
        None
    }

    fn take_now(&self, distance: impl Fn(&T) -> u8) -> Option<T> {
        let own = self.own();
        (0..self.0.len()).find_map(|turn| {
            let mut free = locked(&self.0[(own + turn) % self.0.len()]);
            let mut nearest: Option<(usize, u8)> = None;
            for (place, one) in free.iter().enumerate().rev() {
                let distance = distance(one);
                // Of those that have to be emptied first it is the one that has not been used for longest.
                if nearest.is_none_or(|(_, best)| distance < best || (distance == FARTHEST && best == FARTHEST)) {
                    nearest = Some((place, distance));
                }
                if distance == 0 {
                    break;
                }
            }
            nearest.map(|(place, _)| free.remove(place))
        })
    }

    fn give(&self, one: T) {
        locked(&self.0[self.own()]).push(one);
    }

    fn own(&self) -> usize {
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        THREAD.with(|thread| thread % self.0.len())
    }
}

/// A slot that holds another engine's heap.
const FARTHEST: u8 = 3;

/// What a memory holds to begin with.
#[derive(Debug)]
pub(crate) enum Contents {
    Heap(Arc<Image>),
    /// What another store's guest has left, in the slot in which it is.
    Remains(Remains),
}

thread_local! {
    /// What the next memory that this thread makes is to hold.
    static NEXT: RefCell<Option<Contents>> = const { RefCell::new(None) };
    /// How many pages were changed in the memory that this thread took back last, if it is known.
    static CHANGED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Runs `work`, which takes a store apart, and gives how many pages of its memory the store had changed; 0 if it had none.
pub(crate) fn changed_pages<T>(work: impl FnOnce() -> T) -> (T, u64) {
    CHANGED.set(None);
    let done = work();
    (done, CHANGED.take().unwrap_or(0))
}

/// Runs `work`, which may make a memory: the first one holds `next`, and takes it.
///
/// wasmtime does not say for whom it asks for a memory; but it asks on the thread that polls the render.
pub(crate) fn with_next<T>(next: &mut Option<Contents>, work: impl FnOnce() -> T) -> T {
    if next.is_none() {
        return work();
    }
    /// Puts it back, if only because of a panic.
    struct Guard<'a>(&'a mut Option<Contents>);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            *self.0 = NEXT.take();
        }
    }
    NEXT.set(next.take());
    let _guard = Guard(next);
    work()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::sync::Arc;

    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::{Bases, FORGOTTEN, Heap, Image, PAGE, Plan, Scan, Slot, Slots, Watch, find_scan};

    const PLAN: Plan = Plan { slots: 1, stack: 64 << 10, keep_resident: 24 * PAGE, shards: 1 };

    /// None only where the kernel is older than it.
    fn this_kernels_scan() -> Option<Scan> {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
        let version = (numbers.next().unwrap(), numbers.next().unwrap());
        (version >= (6, 7)).then(|| find_scan().unwrap())
    }

    /// A heap and what a render with it must read.
    struct Expected {
        image: Arc<Image>,
        size: usize,
        contents: Vec<u8>,
    }

    /// Heaps of one engine, or of several: some differ in few pages, others in all.
    fn heaps(random: &mut StdRng) -> Vec<Expected> {
        let bases = Bases::default();
        let common: Vec<u8> = (0..40 * PAGE).map(|_| random.random()).collect();
        let heap = |random: &mut StdRng, alike: bool| {
            let size = random.random_range(48..128) * PAGE;
            let mut contents = vec![0; size];
            if alike {
                contents[2 * PAGE..42 * PAGE].copy_from_slice(&common);
            }
            for _ in 0..random.random_range(0..12) {
                let (at, len) = (random.random_range(0..size - 3 * PAGE), random.random_range(1..3 * PAGE));
                contents[at..at + len].fill_with(|| random.random());
            }
            let segments = contents.chunks(1000).enumerate().map(|(number, chunk)| (number * 1000, chunk));
            let image = Arc::new(Image::new(segments, &bases).unwrap());
            Expected { image, size, contents }
        };
        (0..16).map(|number| heap(random, number % 4 != 3)).collect()
    }

    /// What a render may do to its memory.
    fn use_up(random: &mut StdRng, slot: &mut Slot) {
        if random.random_ratio(1, 4) {
            let open = slot.area.open() + random.random_range(0..20) * PAGE;
            slot.area.set_open(open).unwrap();
        }
        let open = slot.area.open();
        let memory = slot.area.bytes_mut(0..open);
        for _ in 0..random.random_range(0..30) {
            let (at, len) = (random.random_range(0..open - PAGE), random.random_range(1..PAGE));
            memory[at..at + len].fill(0x5a);
        }
    }

    #[test]
    fn every_render_reads_its_own_heap_whatever_was_in_the_slot_before() {
        for scan in [true, false] {
            let mut random = StdRng::seed_from_u64(7);
            let heaps = heaps(&mut random);
            let slots = Slots::new(PLAN, scan.then(this_kernels_scan).flatten()).unwrap();
            for turn in 0..5_000 {
                let heap = &heaps[random.random_range(0..heaps.len())];
                let mut watch = Watch::default();
                // Whatever faults there were before are not this render's.
                watch.poll_has_ended();
                let mut watch = Watch::default();
                let mut slot = slots.take(heap.image.clone(), heap.size).unwrap();
                assert_eq!(slot.area.open(), heap.size, "turn {turn}");
                assert!(slot.area.bytes_mut(0..heap.size) == heap.contents, "turn {turn}, scan {scan}");
                use_up(&mut random, &mut slot);
                watch.poll_has_ended();
                // Some are given back by who does not know.
                if random.random() { watch.taking_apart(|| slots.give_back(slot)) } else { slots.give_back(slot) }
            }
        }
    }

    /// Pages beyond a shorter memory are there still when a longer one opens them again, and are written without a fault.
    #[test]
    fn pages_that_were_closed_meanwhile_are_not_forgotten() {
        let slots = Slots::new(PLAN, this_kernels_scan()).unwrap();
        let bases = Bases::default();
        let bytes = vec![7; 10 * PAGE];
        let image = |first: &[u8]| Arc::new(Image::new([(0, &bytes[..]), (0, first)].into_iter(), &bases).unwrap());
        let (long, short) = (image(&[1]), image(&[2]));
        // A render that is known to have met no fault, or not known.
        let render = |image: &Arc<Image>, size: usize, page: usize, is_quiet: bool| {
            let mut watch = Watch::default();
            watch.poll_has_ended();
            let mut watch = Watch::default();
            let mut slot = slots.take(image.clone(), size * PAGE).unwrap();
            let place = page * PAGE..(page + 1) * PAGE;
            let found = slot.area.bytes_mut(place.clone()).to_vec();
            slot.area.bytes_mut(place).fill(0x5a);
            watch.poll_has_ended();
            if is_quiet {
                watch.taking_apart(|| slots.give_back(slot))
            } else {
                slots.give_back(slot)
            }
            found
        };
        for turn in 0..20 {
            for (image, size, page, is_quiet) in
                [(&long, 60, 50, true), (&short, 20, 15, false), (&long, 60, 50, true), (&long, 60, 50, true)]
            {
                let found = render(image, size, page, is_quiet);
                assert!(found.iter().all(|byte| *byte == 0), "turn {turn}, page {page}: {found:?}");
            }
        }
    }

    /// A seldom render of an app, or one of another app, would be paid for by all that follow it.
    #[test]
    fn pages_that_no_render_changes_any_more_are_forgotten() {
        let slots = Slots::new(PLAN, this_kernels_scan()).unwrap();
        // Without a scan it is as much always.
        let resident = |pages: usize| if slots.scan.is_some() { pages * PAGE } else { PLAN.keep_resident } as u64;
        let bases = Bases::default();
        let bytes = vec![7; 40 * PAGE];
        let image =
            |first: &[u8]| Arc::new(Image::new([(0, &bytes[..]), (5 * PAGE, first)].into_iter(), &bases).unwrap());
        // Of the second one, page 5 is its own.
        let images = [image(&[7]), image(&[8])];
        let render = |image: &Arc<Image>, pages: &[usize]| {
            let mut watch = Watch::default();
            watch.poll_has_ended();
            let mut watch = Watch::default();
            let mut slot = slots.take(image.clone(), 60 * PAGE).unwrap();
            let expected = if Arc::ptr_eq(image, &images[1]) { 8 } else { 7 };
            assert_eq!(
                (slot.area.bytes_mut(0..60 * PAGE)[5 * PAGE], slot.area.bytes_mut(0..60 * PAGE)[6 * PAGE]),
                (expected, 7)
            );
            for page in pages {
                slot.area.bytes_mut(0..60 * PAGE)[page * PAGE] = 0x5a;
            }
            watch.poll_has_ended();
            watch.taking_apart(|| slots.give_back(slot));
        };
        for image in &images {
            render(image, &[1, 5, 20, 21, 50]);
            for _ in 0..2 {
                render(image, &[1]);
            }
            let before = slots.resident();
            for _ in 0..FORGOTTEN {
                render(image, &[1]);
            }
            let of_its_own = usize::from(Arc::ptr_eq(image, &images[1]));
            assert!(before >= 5 * PAGE as u64, "{before}");
            assert_eq!(slots.resident(), resident(1 + of_its_own));
            render(image, &[1, 20, 50]);
            assert_eq!(slots.resident(), resident(3 + of_its_own));
        }
    }

    #[test]
    fn a_heap_whose_bundle_is_gone_is_not_kept() {
        let slots = Arc::new(Slots::new(PLAN, this_kernels_scan()).unwrap());
        let heap =
            |byte: u8| Heap::new(Image::new([(0, &[byte; 100][..])].into_iter(), &Bases::default()).unwrap(), &slots);
        let [in_a_slot, in_a_render] = [heap(1), heap(2)];
        let gone = [&in_a_slot, &in_a_render].map(|heap| Arc::downgrade(heap.image()));
        slots.give_back(slots.take(in_a_slot.image().clone(), PAGE).unwrap());
        drop(in_a_slot);
        assert_eq!(gone[0].strong_count(), 0);
        let slot = slots.take(in_a_render.image().clone(), PAGE).unwrap();
        drop(in_a_render);
        slots.give_back(slot);
        assert_eq!(gone[1].strong_count(), 0);
    }

    /// A base of a few pages far apart would come to take all that lies between.
    #[test]
    fn what_lies_between_the_pages_of_a_base_takes_no_memory() {
        let bases = Bases::default();
        let far = 4096 * PAGE;
        let base = Image::new([(0, &[1][..]), (far, &[1][..])].into_iter(), &bases).unwrap();
        let resident = |image: &Image| image.base().unwrap().file().metadata().unwrap().blocks() * 512;
        let mut memory = vec![0x5a; far + PAGE];
        base.copy_to(&mut memory, 0);
        assert!(memory[1..far].iter().all(|byte| *byte == 0) && memory[0] == 1 && memory[far] == 1);
        assert_eq!(resident(&base), 2 * PAGE as u64);
    }

    #[test]
    fn memory_that_a_render_grows_is_zero() {
        let slots = Slots::new(PLAN, this_kernels_scan()).unwrap();
        let (long, short) = (vec![7; 30 * PAGE], vec![7; 10 * PAGE]);
        let bases = Bases::default();
        let image = |bytes: &[u8]| Arc::new(Image::new([(0, bytes)].into_iter(), &bases).unwrap());
        // The first one's pages are the base of the second one's, which ends before they do.
        let (long, short) = (image(&long), image(&short));
        for _ in 0..3 {
            slots.give_back(slots.take(long.clone(), 30 * PAGE).unwrap());
            let mut slot = slots.take(short.clone(), 10 * PAGE).unwrap();
            slot.area.set_open(64 * PAGE).unwrap();
            assert!(slot.area.bytes_mut(10 * PAGE..64 * PAGE).iter().all(|byte| *byte == 0));
            slot.area.bytes_mut(0..64 * PAGE).fill(9);
            slots.give_back(slot);
        }
    }

    #[test]
    fn a_pool_that_is_empty_refuses() {
        let slots = Slots::new(PLAN, None).unwrap();
        let slot = slots.take(Arc::default(), PAGE).unwrap();
        let refused = slots.take(Arc::default(), PAGE).unwrap_err();
        assert_eq!(refused.to_string(), "every slot of the pool is taken");
        slots.give_back(slot);
        slots.take(Arc::default(), PAGE).unwrap();
    }

    #[test]
    fn heaps_of_one_engine_take_the_memory_of_what_differs() {
        let bases = Bases::default();
        let mut bytes = vec![1; 100 * PAGE];
        let image = |bytes: &[u8]| Image::new([(0, bytes)].into_iter(), &bases).unwrap().memory();
        // A base that nobody has any more is gone.
        let first = Image::new([(0, &bytes[..])].into_iter(), &bases).unwrap();
        assert_eq!(first.memory(), 100 * PAGE as u64);
        bytes[50 * PAGE] = 2;
        assert_eq!(image(&bytes), PAGE as u64);
        bytes.fill(3);
        assert_eq!(image(&bytes), 100 * PAGE as u64);
        drop(first);
        bytes.fill(1);
        assert_eq!(image(&bytes), 100 * PAGE as u64);
    }

    /// The first one that is loaded may be like no other.
    #[test]
    fn heaps_that_are_like_each_other_share_a_base_if_the_first_one_was_another() {
        let bases = Bases::default();
        let mut bytes = vec![1; 2_000 * PAGE];
        let image = |bytes: &[u8]| Image::new([(0, bytes)].into_iter(), &bases).unwrap();
        let first = image(&bytes);
        bytes[..400 * PAGE].fill(2);
        let others = [3, 4, 5, 6].map(|own| {
            bytes[PAGE] = own;
            image(&bytes)
        });
        assert_eq!(first.memory(), 2_000 * PAGE as u64);
        let memory = others.each_ref().map(|other| other.memory() / PAGE as u64);
        // The second one of them became a base.
        assert_eq!(memory, [400, 2_000, 1, 1]);
        for (own, other) in [3, 4, 5, 6].iter().zip(&others) {
            let mut memory = vec![0; 2_000 * PAGE];
            other.copy_to(&mut memory, 0);
            bytes[PAGE] = *own;
            assert!(memory == bytes);
        }
        drop(first);
    }

    /// An engine sets up megabytes, of which a large app changes more than a few pages.
    #[test]
    fn a_large_heap_shares_a_base_from_which_it_differs_in_a_quarter_of_its_pages() {
        let bases = Bases::default();
        let mut bytes = vec![1; 2_000 * PAGE];
        let image = |bytes: &[u8]| Image::new([(0, bytes)].into_iter(), &bases).unwrap();
        let base = image(&bytes);
        bytes[..500 * PAGE].fill(2);
        let different = image(&bytes);
        assert_eq!(different.memory(), 500 * PAGE as u64);
        let mut memory = vec![0; 2_000 * PAGE];
        assert_eq!(different.copy_to(&mut memory, 0), 2_000);
        assert!(memory == bytes);
        bytes[..600 * PAGE].fill(2);
        assert_eq!(image(&bytes).memory(), 2_000 * PAGE as u64);
        drop(base);
    }
}
