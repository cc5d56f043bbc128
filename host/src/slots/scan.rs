//! Which pages of an area may differ from what is mapped there: the kernel's `PAGEMAP_SCAN`, of Linux 6.7.
//!
//! <https://docs.kernel.org/admin-guide/mm/pagemap.html>
#![allow(unsafe_code, reason = "an ioctl of its own; each block says why it is sound")]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::Range;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

use super::space::{Area, PAGE};

/// Asks the kernel about this process's pages.
#[derive(Debug)]
pub(crate) struct Scan {
    pagemap: File,
}

/// What one call of the kernel found.
#[derive(Debug)]
pub(crate) struct Found {
    regions: [Region; MOST],
    count: usize,
    /// The address of the area.
    start: u64,
    /// How far it looked.
    pub(crate) end: usize,
}

/// How many regions one call finds at most. A small render writes a dozen.
const MOST: usize = 64;

impl Found {
    /// Ranges of whole pages, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let offset = |address: u64| (address - self.start) as usize;
        self.regions[..self.count].iter().map(move |region| offset(region.start)..offset(region.end))
    }
}

impl Scan {
    /// Where the kernel has it.
    pub(crate) fn new() -> io::Result<Self> {
        let scan = Self { pagemap: File::open("/proc/self/pagemap")? };
        let mut regions = [Region::default()];
        scan.call(0..0, 1, &mut regions)?;
        Ok(scan)
    }

    /// Pages of `range` that may have been written since they were mapped: all that are not the mapped file's own page,
    /// or never there.
    ///
    /// A page that has been written is its own, or is swapped out, or is just being moved by the kernel, which shows as
    /// swapped out. wasmtime's scan wants it present, and so passes over one that is moved: while the kernel compacted
    /// memory (Linux 6.18), 1,672 of 344,960 scans of 512 written pages lacked some of them, and none of as many scans
    /// like this one. So everything counts here but what is certain: the file's own page, and none.
    ///
    /// Stops behind `most` pages, which is at least 1.
    pub(crate) fn written(&self, area: &Area, range: Range<usize>, most: usize) -> io::Result<Found> {
        let start = area.start().addr() as u64;
        let mut regions = [Region::default(); MOST];
        let (count, end) = self.call(start + range.start as u64..start + range.end as u64, most, &mut regions)?;
        Ok(Found { regions, count, start, end: (end - start) as usize })
    }

    /// How many regions were found, and the address at which the kernel stopped.
    fn call(&self, addresses: Range<u64>, most: usize, regions: &mut [Region]) -> io::Result<(usize, u64)> {
        let call = Call(Arguments {
            size: size_of::<Arguments>() as u64,
            flags: 0,
            start: addresses.start,
            end: addresses.end,
            walk_end: 0,
            vec: regions.as_mut_ptr().addr() as u64,
            vec_len: regions.len() as u64,
            max_pages: most as u64,
            // Not the file's, and present or swapped out.
            category_inverted: FILE,
            category_mask: FILE,
            category_anyof_mask: PRESENT | SWAPPED,
            return_mask: 0,
        });
        // SAFETY: the arguments are as the kernel has them, and the regions live through the call.
        Ok(unsafe { ioctl(&self.pagemap, call) }?)
    }
}

/// `PAGE_IS_FILE`.
const FILE: u64 = 1 << 2;
/// `PAGE_IS_PRESENT`.
const PRESENT: u64 = 1 << 3;
/// `PAGE_IS_SWAPPED`.
const SWAPPED: u64 = 1 << 4;

/// The kernel's `struct pm_scan_arg`.
#[repr(C)]
struct Arguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// The kernel's `struct page_region`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

struct Call(Arguments);

// SAFETY: the opcode is that of the arguments' type, and the kernel writes `walk_end` and as many regions as it says.
unsafe impl Ioctl for Call {
    type Output = (usize, u64);

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<Arguments>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        (&raw mut self.0).cast()
    }

    unsafe fn output_from_ptr(found: IoctlOutput, arguments: *mut c_void) -> rustix::io::Result<Self::Output> {
        // SAFETY: it is what `as_ptr` gave.
        let arguments = unsafe { &*arguments.cast::<Arguments>() };
        Ok((found as usize, arguments.walk_end))
    }
}

const _: () = assert!(PAGE == 4096, "the kernel's pages");
