//! What a bundle's memory holds when a render begins.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::Errno;

use super::space::{PAGE, View};
use crate::locked::locked;

/// A heap: pages of a base that it may share with other heaps, and the pages in which it differs from that.
///
/// The heaps of one engine are the same for most of their pages, which hold what the engine has set up for itself. So
/// many tenants' heaps take the memory of one and that of their differences; and a slot goes from one to the next by
/// copying those, without a call of the kernel's.
#[derive(Debug, Default)]
pub(crate) struct Image {
    base: Option<Arc<Base>>,
    /// The pages that differ, in order.
    numbers: Box<[usize]>,
    /// Their bytes, one after another.
    bytes: Box<[u8]>,
    /// Bytes of memory that it takes and shares with none that was there before.
    memory: u64,
}

/// What is mapped below the heaps that share it.
#[derive(Debug)]
pub(crate) struct Base {
    file: File,
    view: View,
    /// Where it begins in linear memory.
    start: usize,
    /// Which of its pages are not zero. The others are not in the file, and would be if they were looked at.
    is_there: Box<[bool]>,
}

/// How many pages a heap may differ in from a base whatever its size: 256 KiB are copied in less time than it takes to map
/// a file and to meet its pages one by one.
const FEW_DIFFERENT: usize = 64;

/// How many it may at most, if those are no more than a quarter of all that it has. The page of a large app takes longer
/// than copying them, and a tenant's own file would take several times their memory.
const MOST_DIFFERENT: usize = 512;

/// The bases that heaps of one engine may share.
#[derive(Debug, Default)]
pub(crate) struct Bases {
    known: Mutex<Vec<Weak<Base>>>,
    far: Mutex<VecDeque<Prints>>,
}

/// A heap's pages, by what tells them apart most likely.
type Prints = Box<[u64]>;

/// How many heaps are remembered that differ much from all bases. Once another comes that differs little from one of them, it
/// becomes a base: else whoever is loaded first, perhaps an app like no other, would be what all others differ from.
const MOST_FAR: usize = 8;

/// How many are compared with a new heap. They are some for each version of an engine; more would only delay a load.
const MOST_BASES: usize = 8;

/// How many pages a base spans that is compared with others' heaps: 64 MiB, several times what an engine sets up.
const MOST_SHARED: usize = 16 << 10;

impl Image {
    /// The heap of these data segments. One that overlaps another counts later.
    ///
    /// # Errors
    /// The kernel's, which has no room for another file or mapping.
    pub(crate) fn new<'a>(segments: impl Iterator<Item = (usize, &'a [u8])>, bases: &Bases) -> io::Result<Self> {
        let pages = Pages::new(segments.collect());
        let mut nearest = None;
        let mut most = FEW_DIFFERENT.max(MOST_DIFFERENT.min(pages.count() / 4));
        for base in bases.known() {
            if let Some(numbers) = base.differences(&pages, most) {
                most = numbers.len();
                nearest = Some((base, numbers));
            }
        }
        if let Some((base, numbers)) =
            nearest.filter(|(_, numbers)| numbers.len() <= FEW_DIFFERENT || !bases.is_like_another(&pages))
        {
            let own = numbers.iter().map(|number| pages.page(*number).unwrap_or(&ZERO));
            let bytes = own.collect::<Vec<_>>().concat().into();
            let memory = (numbers.len() * PAGE) as u64;
            return Ok(Self { base: Some(base), numbers: numbers.into(), bytes, memory });
        }
        let Some(base) = Base::new(&pages)? else { return Ok(Self::default()) };
        let base = Arc::new(base);
        if base.is_there.len() <= MOST_SHARED {
            bases.remember(&base);
        }
        // What renders look at is in the file then, zero or not.
        let memory = base.range().len() as u64;
        Ok(Self { base: Some(base), memory, ..Self::default() })
    }

    /// What is in a slot that has just had a base mapped.
    pub(crate) fn of_base(base: &Arc<Base>) -> Self {
        Self { base: Some(base.clone()), ..Self::default() }
    }

    pub(crate) fn base(&self) -> Option<&Arc<Base>> {
        self.base.as_ref()
    }

    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    /// The pages that are not the base's.
    pub(crate) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// Where there is only zero from.
    pub(crate) fn end(&self) -> usize {
        let own = self.numbers.last().map_or(0, |number| (number + 1) * PAGE);
        self.base.as_ref().map_or(0, |base| base.range().end).max(own)
    }

    /// Writes what the heap has at `place` into `memory`, which is whole pages there. Gives how many of them held something else.
    ///
    /// A page is compared first: where it differs that ends at the first byte which does, and where it does not there is nothing
    /// to copy.
    pub(crate) fn copy_to(&self, memory: &mut [u8], place: usize) -> u64 {
        let pages = memory.chunks_exact_mut(PAGE).zip(self.pages_from(place));
        pages.map(|(memory, page)| u64::from(put(memory, page))).sum()
    }

    /// How many pages of `memory`, which is whole pages at `place`, hold something else than the heap has there.
    pub(crate) fn differences(&self, memory: &[u8], place: usize) -> u64 {
        memory.chunks_exact(PAGE).zip(self.pages_from(place)).filter(|(memory, page)| *memory != *page).count() as u64
    }

    /// The heap's pages from `place` on, without end.
    fn pages_from(&self, place: usize) -> impl Iterator<Item = &[u8]> {
        let first = place / PAGE;
        let skipped = self.numbers.partition_point(|number| *number < first);
        let mut own = self.numbers.iter().zip(self.bytes.chunks_exact(PAGE)).skip(skipped).peekable();
        (first..).map(move |number| match own.next_if(|(own, _)| **own == number) {
            Some((_, page)) => page,
            None => self.base.as_ref().and_then(|base| base.page(number)).unwrap_or(&ZERO),
        })
    }
}

/// Writes a page where there is another; says whether there was.
fn put(memory: &mut [u8], page: &[u8]) -> bool {
    let differs = memory != page;
    if differs {
        memory.copy_from_slice(page);
    }
    differs
}

const ZERO: [u8; PAGE] = [0; PAGE];

/// How often a file is sealed that the kernel is busy with, and how long it is let alone between.
const SEALING: (u32, Duration) = (50, Duration::from_millis(20));

/// From now on nobody can change the file. That is refused while a page of it is held elsewhere, as when the kernel moves it from
/// one place in memory to another.
fn seal(file: &File) -> io::Result<()> {
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    for _ in 1..SEALING.0 {
        match fcntl_add_seals(file, seals) {
            Err(Errno::BUSY) => thread::sleep(SEALING.1),
            sealed => return Ok(sealed?),
        }
    }
    Ok(fcntl_add_seals(file, seals)?)
}

/// Tells a page from another, but for one in many. Nothing but where a heap's pages are kept depends on it.
fn print(page: &[u8]) -> u64 {
    let words = page.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("it has eight bytes")));
    words.fold(0, |print: u64, word| (print.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// What a heap's segments hold, in whole pages.
struct Pages {
    /// The number of the first one.
    first: usize,
    bytes: Vec<u8>,
    /// Which of them are not zero. The others are not looked at, so that they take no memory.
    is_there: Box<[bool]>,
}

impl Pages {
    /// Where two segments overlap, the later one counts.
    fn new(segments: Vec<(usize, &[u8])>) -> Self {
        let of = |at: usize, segment: &[u8]| at / PAGE..(at + segment.len()).div_ceil(PAGE);
        let segments = segments.into_iter().filter(|(_, segment)| !segment.is_empty()).collect::<Vec<_>>();
        let first = segments.iter().map(|(at, segment)| of(*at, segment).start).min().unwrap_or(0);
        let end = segments.iter().map(|(at, segment)| of(*at, segment).end).max().unwrap_or(0);
        let mut bytes = vec![0; (end - first) * PAGE];
        let mut is_there = vec![false; end - first];
        for (at, segment) in segments {
            bytes[at - first * PAGE..][..segment.len()].copy_from_slice(segment);
            let pages = of(at, segment);
            is_there[pages.start - first..pages.end - first].fill(true);
        }
        for (page, is_there) in bytes.chunks_exact(PAGE).zip(&mut is_there) {
            *is_there = *is_there && page != ZERO;
        }
        Self { first, bytes, is_there: is_there.into() }
    }

    /// How many are not zero.
    fn count(&self) -> usize {
        self.is_there.iter().filter(|is_there| **is_there).count()
    }

    fn range(&self) -> Range<usize> {
        self.first..self.first + self.is_there.len()
    }

    fn prints(&self) -> Prints {
        (0..self.range().end).map(|number| self.page(number).map_or(0, print)).collect()
    }

    /// One that is not zero.
    fn page(&self, number: usize) -> Option<&[u8]> {
        page_of(&self.bytes, &self.is_there, self.first, number)
    }
}

fn page_of<'a>(bytes: &'a [u8], is_there: &[bool], first: usize, number: usize) -> Option<&'a [u8]> {
    let own = number.checked_sub(first)?;
    is_there.get(own)?.then(|| &bytes[own * PAGE..(own + 1) * PAGE])
}

impl Base {
    /// A file in memory with these pages, which nobody can change any more; none for a heap that is zero.
    fn new(pages: &Pages) -> io::Result<Option<Self>> {
        let is_there = |number: &usize| pages.page(*number).is_some();
        let (Some(first), Some(last)) = (pages.range().find(is_there), pages.range().rfind(is_there)) else {
            return Ok(None);
        };
        let len = (last + 1 - first) * PAGE;
        let file = File::from(memfd_create("dayfly-heap", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
        ftruncate(&file, len as u64)?;
        for number in first..=last {
            // A page that was never written is zero, and takes no memory.
            if let Some(page) = pages.page(number) {
                file.write_all_at(page, ((number - first) * PAGE) as u64)?;
            }
        }
        seal(&file)?;
        let view = View::of(&file, len)?;
        let is_there = (first..=last).map(|number| is_there(&number)).collect();
        Ok(Some(Self { file, view, start: first * PAGE, is_there }))
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where its bytes are in linear memory.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.view.bytes().len()
    }

    /// A page of linear memory that is not zero.
    fn page(&self, number: usize) -> Option<&[u8]> {
        page_of(self.view.bytes(), &self.is_there, self.start / PAGE, number)
    }

    /// The pages in which a heap is another than this, in order, if they are no more than `most`.
    fn differences(&self, pages: &Pages, most: usize) -> Option<Vec<usize>> {
        let (own, others) = (self.range().start / PAGE..self.range().end / PAGE, pages.range());
        let mut numbers = Vec::new();
        for number in own.start.min(others.start)..own.end.max(others.end) {
            if self.page(number) != pages.page(number) {
                if numbers.len() == most {
                    return None;
                }
                numbers.push(number);
            }
        }
        Some(numbers)
    }
}

impl Bases {
    /// Whether a heap that differs much from all bases differs little from another one that did. It is remembered if not.
    fn is_like_another(&self, pages: &Pages) -> bool {
        let prints = pages.prints();
        let mut far = locked(&self.far);
        let differ = |other: &Prints| {
            let both = other.iter().zip(&prints).filter(|(one, other)| one != other).count();
            both + other.len().abs_diff(prints.len())
        };
        if let Some(like) = far.iter().position(|other| differ(other) <= FEW_DIFFERENT) {
            // Those that are like both find the base.
            far.remove(like);
            return true;
        }
        far.truncate(MOST_FAR - 1);
        far.push_front(prints);
        false
    }

    fn known(&self) -> Vec<Arc<Base>> {
        locked(&self.known).iter().filter_map(Weak::upgrade).collect()
    }

    fn remember(&self, base: &Arc<Base>) {
        let mut bases = locked(&self.known);
        bases.retain(|base| base.strong_count() > 0);
        if bases.len() == MOST_BASES {
            // The one that fewest heaps share makes room.
            let least = (0..bases.len()).min_by_key(|number| bases[*number].strong_count());
            least.map(|number| bases.remove(number));
        }
        bases.push(Arc::downgrade(base));
    }
}
