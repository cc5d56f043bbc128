//! Address space: the only module that maps memory.
//!
//! A [`Space`] is reserved once and never given back while the engine lives; an [`Area`] is one slot's part of it. Of an
//! area the first bytes are open, which is what a guest can reach, and all else faults. The methods check every range
//! against what is open, so that their callers need no unsafe code.
#![allow(unsafe_code, reason = "maps memory and hands it to wasmtime; each block says why it is sound")]

use std::cmp::Ordering;
use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, munmap};

/// What the kernel maps and protects.
pub(crate) const PAGE: usize = 4096;

/// A reservation, of which nothing can be reached until an area opens it.
#[derive(Debug)]
pub(crate) struct Space {
    start: *mut u8,
    len: usize,
}

// SAFETY: it is an address and a length; what is there is reached through areas, which do not overlap.
unsafe impl Send for Space {}
// SAFETY: as above.
unsafe impl Sync for Space {}

impl Space {
    /// Room for `count` areas of `each` bytes, with `guard` bytes that always fault before, between and behind them.
    pub(crate) fn areas(count: usize, each: usize, guard: usize) -> io::Result<Vec<Area>> {
        assert!(each.is_multiple_of(PAGE) && guard.is_multiple_of(PAGE), "{each} and {guard} are no whole pages");
        let too_much = || io::Error::from(io::ErrorKind::OutOfMemory);
        let stride = each.checked_add(guard).ok_or_else(too_much)?;
        let len = stride.checked_mul(count).and_then(|len| len.checked_add(guard)).ok_or_else(too_much)?;
        // SAFETY: a new mapping at a place of the kernel's choice changes no other.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), len, ProtFlags::empty(), RESERVED) }?.cast();
        let space = Arc::new(Self { start, len });
        set_apart(start, len)?;
        let area = |index| Area {
            space: space.clone(),
            offset: guard + index * stride,
            len: each,
            open: 0,
            touched: 0,
            broken: false,
        };
        Ok((0..count).map(area).collect())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's, and no area that points into it is left. If it fails the addresses stay
        // reserved, which harms nobody.
        let _ = unsafe { munmap(self.start.cast(), self.len) };
    }
}

/// Private to the process, without a claim on swap: what is reserved is far more than what is ever used.
const RESERVED: MapFlags = MapFlags::PRIVATE.union(MapFlags::NORESERVE);

const OPEN: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

/// A part of a space that has one owner.
#[derive(Debug)]
pub(crate) struct Area {
    space: Arc<Space>,
    offset: usize,
    len: usize,
    /// Bytes from the start that can be read and written.
    open: usize,
    /// Bytes from the start that have been open since the area was last made empty.
    touched: usize,
    /// Whether a call failed that may have been done in part: it is not known what is open.
    broken: bool,
}

impl Area {
    pub(crate) fn start(&self) -> *mut u8 {
        self.space.start.wrapping_add(self.offset)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Opens the first `open` bytes and closes all others, whose contents stay.
    pub(crate) fn set_open(&mut self, open: usize) -> io::Result<()> {
        assert!(open <= self.len && open.is_multiple_of(PAGE), "{open} of {} bytes", self.len);
        let (range, protection) = match open.cmp(&self.open) {
            Ordering::Equal => return Ok(()),
            Ordering::Greater => (self.open..open, MprotectFlags::READ | MprotectFlags::WRITE),
            Ordering::Less => (open..self.open, MprotectFlags::empty()),
        };
        self.touched = self.touched.max(open);
        // SAFETY: the range is within the area, whose owner asks for it.
        let done = unsafe { mprotect(self.at(range.start), range.len(), protection) };
        self.broken |= done.is_err();
        done?;
        self.open = open;
        Ok(())
    }

    /// Whether it has to be made empty before anybody may have it again.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Makes the area as it was when it was new: closed, and zero when it is opened.
    pub(crate) fn make_empty(&mut self) -> io::Result<()> {
        // Until it is done: what is said to be open may be closed.
        self.broken = true;
        if self.touched > 0 {
            // SAFETY: it replaces what is in the area, which is this value's, and in nothing else.
            unsafe { mmap_anonymous(self.at(0), self.touched, ProtFlags::empty(), RESERVED | MapFlags::FIXED) }?;
            set_apart(self.start(), self.touched)?;
        }
        (self.open, self.touched, self.broken) = (0, 0, false);
        Ok(())
    }

    /// Puts a file's bytes in place of what is open at `range`: shared with all who map it until they are written.
    pub(crate) fn map(&mut self, range: Range<usize>, file: &File) -> io::Result<()> {
        self.check(&range);
        let flags = RESERVED | MapFlags::FIXED;
        // SAFETY: it replaces a range of the area, which is this value's. The file is sealed, so that it can neither
        // shrink, which would make the range fault, nor change.
        unsafe { mmap(self.at(range.start), range.len(), OPEN, flags, file, 0) }?;
        set_apart(self.start().wrapping_add(range.start), range.len())
    }

    /// Gives the pages of a range back to the kernel. What is read there next is zero, or the file's.
    pub(crate) fn discard(&mut self, range: Range<usize>) -> io::Result<()> {
        self.check(&range);
        if range.is_empty() {
            return Ok(());
        }
        // SAFETY: the range is within the area, which is this value's; a private mapping reads as its file, or as zero,
        // when its pages are gone.
        Ok(unsafe { madvise(self.at(range.start), range.len(), Advice::LinuxDontNeed) }?)
    }

    /// What is open at `range`.
    pub(crate) fn bytes_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        self.check(&range);
        // SAFETY: the range is mapped readable and writable, any byte is a valid one, and the area has one owner, which
        // is borrowed for as long as the slice is.
        unsafe { std::slice::from_raw_parts_mut(self.at(range.start).cast(), range.len()) }
    }

    fn check(&self, range: &Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.open, "{range:?} of {} bytes", self.open);
        assert!(range.start.is_multiple_of(PAGE) && range.end.is_multiple_of(PAGE), "{range:?} is no whole pages");
    }

    fn at(&self, offset: usize) -> *mut c_void {
        self.start().wrapping_add(offset).cast()
    }
}

/// Keeps mappings from what would make a page of them a written one behind the back of who writes it.
///
/// Out of processes that are forked from this one: the scan asks about this process's pages whoever calls, so that a
/// child which went on with a copy of the slots would find none of those that it wrote. And from huge pages, which
/// the kernel may put under many pages at once, also under such as were never written.
fn set_apart(start: *mut u8, len: usize) -> io::Result<()> {
    for advice in [Advice::LinuxDontFork, Advice::LinuxNoHugepage] {
        // SAFETY: neither changes what is read or written here.
        match unsafe { madvise(start.cast(), len, advice) } {
            // Kernels without huge pages.
            Err(rustix::io::Errno::INVAL) if advice == Advice::LinuxNoHugepage => {}
            done => done?,
        }
    }
    Ok(())
}

/// A file's bytes, which can only be read.
#[derive(Debug)]
pub(crate) struct View {
    start: *const u8,
    len: usize,
}

// SAFETY: nobody can write what is there.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    /// Maps a file that is sealed against writing and shrinking.
    pub(crate) fn of(sealed: &File, len: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at a place of the kernel's choice changes no other.
        let start = unsafe { mmap(ptr::null_mut(), len, ProtFlags::READ, MapFlags::SHARED, sealed, 0) }?;
        Ok(Self { start: start.cast_const().cast(), len })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping lives as long as this value, and its file neither shrinks nor changes.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's, and whoever read it borrowed this.
        let _ = unsafe { munmap(self.start.cast_mut().cast(), self.len) };
    }
}
