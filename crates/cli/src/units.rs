//! Sizes and times as people write them: `128MiB`, `500ms`.

use std::time::Duration;

use bytesize::ByteSize;

/// Reads a size: a number with a unit, or a number of bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let size: ByteSize = text.parse().map_err(|_| "write a number with a unit, such as 128MiB, 512KiB or 4096B")?;
    Ok(size.as_u64())
}

/// Reads a size of the stack of JavaScript calls: the guest has room for so much, and runs nothing with less.
pub(crate) fn js_stack(text: &str) -> Result<u32, String> {
    size_between(text, "16KiB", "768KiB")
}

/// Reads a size of the machine stack: what an engine can be made with.
pub(crate) fn wasm_stack(text: &str) -> Result<u32, String> {
    size_between(text, "64KiB", "4095MiB")
}

fn size_between(text: &str, least: &str, most: &str) -> Result<u32, String> {
    let bytes = size(text)?;
    if bytes < size(least)? {
        return Err(format!("at least {least}"));
    }
    match u32::try_from(bytes) {
        Ok(small) if bytes <= size(most)? => Ok(small),
        _ => Err(format!("at most {most}")),
    }
}

/// Reads a time: a number with a unit.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "write a number with a unit, such as 500ms, 2s or 1m".into())
}

/// Writes a time to three digits or so: `1.25ms`.
pub(crate) fn show_time(time: Duration) -> String {
    format!("{time:.2?}")
}

/// Writes a size to one digit behind the point: `1.5 MiB`.
pub(crate) fn show_size(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}

/// Writes a number with its thousands apart: `1,234,567`.
pub(crate) fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_with_its_unit() {
        for (text, bytes) in
            [("128MiB", 128 << 20), ("1 GiB", 1 << 30), ("5MB", 5_000_000), ("64KiB", 65_536), ("7", 7)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn a_bad_size_says_what_would_be_right() {
        for text in ["", "MiB", "12XB", "-1MiB", "one", "500ms"] {
            assert!(size(text).is_err_and(|error| error.contains("such as 128MiB")), "{text}");
        }
    }

    #[test]
    fn a_stack_is_bounded_to_the_byte() {
        assert_eq!((js_stack("16KiB"), js_stack("768KiB")), (Ok(16 << 10), Ok(768 << 10)));
        assert_eq!((wasm_stack("64KiB"), wasm_stack("4095MiB")), (Ok(64 << 10), Ok(4095 << 20)));
        for (read, bound) in [
            (js_stack("16383"), "at least 16KiB"),
            (js_stack("786433"), "at most 768KiB"),
            (wasm_stack("65535"), "at least 64KiB"),
            (wasm_stack("5GiB"), "at most 4095MiB"),
        ] {
            assert_eq!(read, Err(bound.into()));
        }
    }

    #[test]
    fn a_time_is_read_with_its_unit() {
        for (text, milliseconds) in [("500ms", 500), ("2s", 2_000), ("1m", 60_000), ("1s 500ms", 1_500)] {
            assert_eq!(time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn a_bad_time_says_what_would_be_right() {
        for text in ["", "500", "ms", "-1s", "128MiB"] {
            assert!(time(text).is_err_and(|error| error.contains("such as 500ms")), "{text}");
        }
    }

    #[test]
    fn a_count_has_its_thousands_apart() {
        for (count, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(show_count(count), shown);
        }
    }
}
