//! A file of rows of numbers, each in its place and with a checksum.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// What a file begins with: what is in it.
const HEAD: usize = 64;

/// A file of rows of `N` numbers.
#[derive(Debug)]
pub(super) struct Rows<const N: usize> {
    file: File,
}

impl<const N: usize> Rows<N> {
    const BYTES: usize = 4 * N + 4;

    /// Opens a file. One with something else in it is begun anew.
    pub(super) fn open(path: &Path, kind: &str) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut head = [0; HEAD];
        let length = kind.len().min(HEAD);
        head[..length].copy_from_slice(&kind.as_bytes()[..length]);
        let mut found = [0; HEAD];
        if file.read_exact_at(&mut found, 0).is_err() || found != head {
            file.set_len(0)?;
            file.write_all_at(&head, 0)?;
        }
        Ok(Self { file })
    }

    /// Writes one. A process that is killed has written it or not; where a machine ends, half of it may be there.
    pub(super) fn write(&self, index: u64, row: &[u32; N]) -> io::Result<()> {
        let mut bytes: Vec<u8> = row.iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        self.file.write_all_at(&bytes, Self::place(index))
    }

    /// Forgets some.
    pub(super) fn clear(&self, first: u64, count: u64) -> io::Result<()> {
        self.file.write_all_at(&vec![0; count as usize * Self::BYTES], Self::place(first))
    }

    /// Some rows; all zero are those that are not there or not whole.
    pub(super) fn read(&self, first: u64, count: u64) -> io::Result<Vec<[u32; N]>> {
        let mut bytes = vec![0; count as usize * Self::BYTES];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read_at(&mut bytes[filled..], Self::place(first) + filled as u64)? {
                0 => break,
                some => filled += some,
            }
        }
        Ok(bytes.chunks_exact(Self::BYTES).map(Self::row).collect())
    }

    fn place(index: u64) -> u64 {
        HEAD as u64 + index * Self::BYTES as u64
    }

    fn row(bytes: &[u8]) -> [u32; N] {
        let (numbers, checksum) = bytes.split_at(4 * N);
        if crc32fast::hash(numbers).to_le_bytes() != checksum {
            return [0; N];
        }
        std::array::from_fn(|index| {
            let number = &numbers[4 * index..4 * index + 4];
            u32::from_le_bytes(number.try_into().expect("it has four bytes"))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_whole_is_none_and_its_neighbours_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let rows = Rows::<3>::open(&path, "three").unwrap();
        for index in [0, 1, 2, 4] {
            rows.write(index, &[index as u32 + 1, 7, 8]).unwrap();
        }
        drop(rows);
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(length, 64 + 5 * 16);
        // Of one a byte is another, and the last one was cut.
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[9], 64 + 16 + 5).unwrap();
        file.set_len(length - 1).unwrap();
        let read = Rows::<3>::open(&path, "three").unwrap().read(0, 6).unwrap();
        assert_eq!(read, [[1, 7, 8], [0; 3], [3, 7, 8], [0; 3], [0; 3], [0; 3]]);
        let rows = Rows::<3>::open(&path, "three").unwrap();
        rows.clear(0, 1).unwrap();
        assert_eq!(rows.read(0, 3).unwrap(), [[0; 3], [0; 3], [3, 7, 8]]);
        let other = Rows::<3>::open(&path, "another interval").unwrap();
        assert_eq!(other.read(0, 6).unwrap(), [[0; 3]; 6]);
    }
}
