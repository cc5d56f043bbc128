//! A linear memory that is only read: whatever is in it, reading is bounded and never fails but by saying so.

/// The memory does not hold what was looked for: it is another guest's, or was ended in the middle of a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There is no table that says how the heap is laid out.
    #[error("there is no JavaScript heap of this engine in the memory")]
    NoLayout,
    /// The table is of another version.
    #[error("the heap is laid out as version {0} of the engine does it, which this one cannot read")]
    Version(u32),
    /// The table lacks a name.
    #[error("the heap's layout does not say {0}")]
    Unnamed(&'static str),
    /// There is no runtime yet.
    #[error("no JavaScript runtime has been made in the memory")]
    NoRuntime,
    /// An address leads out of the memory.
    #[error("the heap is damaged: address {0:#x} is out of bounds")]
    OutOfBounds(u32),
    /// A list does not end.
    #[error("the heap is damaged: a list of {0} does not end")]
    Endless(&'static str),
}

/// A linear memory of 32-bit addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory<'a>(pub(crate) &'a [u8]);

impl<'a> Memory<'a> {
    pub(crate) fn bytes(self, at: u32, length: u32) -> Result<&'a [u8], Damage> {
        let start = at as usize;
        self.0.get(start..start + length as usize).ok_or(Damage::OutOfBounds(at))
    }

    fn array<const N: usize>(self, at: u32) -> Result<[u8; N], Damage> {
        let bytes = self.0.get(at as usize..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or(Damage::OutOfBounds(at))
    }

    pub(crate) fn u8(self, at: u32) -> Result<u8, Damage> {
        Ok(self.array::<1>(at)?[0])
    }

    pub(crate) fn u16(self, at: u32) -> Result<u16, Damage> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn u32(self, at: u32) -> Result<u32, Damage> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn u64(self, at: u32) -> Result<u64, Damage> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    /// A text that ends in a zero byte, 80 bytes at most.
    pub(crate) fn c_str(self, at: u32) -> Result<&'a str, Damage> {
        let rest = self.0.get(at as usize..).ok_or(Damage::OutOfBounds(at))?;
        let rest = &rest[..rest.len().min(80)];
        let end = rest.iter().position(|byte| *byte == 0).ok_or(Damage::OutOfBounds(at))?;
        str::from_utf8(&rest[..end]).map_err(|_| Damage::OutOfBounds(at))
    }
}
