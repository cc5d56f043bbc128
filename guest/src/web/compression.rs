//! Compression streams (<https://compression.spec.whatwg.org/>), by the crate `flate2`.

use std::cell::RefCell;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateDecoder, DeflateEncoder, GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};
use javy::quickjs::{Ctx, Exception, Object, Result, TypedArray, Value};

use crate::quickjs;
use crate::runtime::define;

thread_local! {
    /// The streams that wait for more, each at the place that is its name.
    static STREAMS: RefCell<Vec<Option<Stream>>> = const { RefCell::new(Vec::new()) };
}

enum Stream {
    Deflate(ZlibEncoder<Vec<u8>>),
    DeflateRaw(DeflateEncoder<Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
    Inflate(ZlibDecoder<Vec<u8>>),
    InflateRaw(DeflateDecoder<Vec<u8>>),
    Gunzip(GzDecoder<Vec<u8>>),
}

impl Stream {
    fn new(format: &str, is_decoder: bool) -> Option<Self> {
        let (out, level) = (Vec::new(), Compression::default());
        Some(match (format, is_decoder) {
            ("deflate", false) => Self::Deflate(ZlibEncoder::new(out, level)),
            ("deflate-raw", false) => Self::DeflateRaw(DeflateEncoder::new(out, level)),
            ("gzip", false) => Self::Gzip(GzEncoder::new(out, level)),
            ("deflate", true) => Self::Inflate(ZlibDecoder::new(out)),
            ("deflate-raw", true) => Self::InflateRaw(DeflateDecoder::new(out)),
            ("gzip", true) => Self::Gunzip(GzDecoder::new(out)),
            _ => return None,
        })
    }

    /// What is there of the output after these bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        /// A decoder that is at its end takes no more bytes, and what follows the end is an error.
        fn all(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
            writer.write_all(bytes)?;
            writer.flush()
        }
        match self {
            Self::Deflate(it) => it.write_all(bytes)?,
            Self::DeflateRaw(it) => it.write_all(bytes)?,
            Self::Gzip(it) => it.write_all(bytes)?,
            Self::Inflate(it) => all(it, bytes)?,
            Self::InflateRaw(it) => all(it, bytes)?,
            Self::Gunzip(it) => all(it, bytes)?,
        }
        Ok(std::mem::take(match self {
            Self::Deflate(it) => it.get_mut(),
            Self::DeflateRaw(it) => it.get_mut(),
            Self::Gzip(it) => it.get_mut(),
            Self::Inflate(it) => it.get_mut(),
            Self::InflateRaw(it) => it.get_mut(),
            Self::Gunzip(it) => it.get_mut(),
        }))
    }

    /// The rest of the output; an error if the input has not come to its end.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Deflate(it) => it.finish(),
            Self::DeflateRaw(it) => it.finish(),
            Self::Gzip(it) => it.finish(),
            Self::Inflate(it) => it.finish(),
            Self::InflateRaw(it) => it.finish(),
            Self::Gunzip(it) => it.finish(),
        }
    }
}

pub(super) fn install(native: &Object<'_>) -> Result<()> {
    define(native, "newCompression", new)?;
    define(native, "compress", write)?;
    define(native, "endCompression", finish)
}

fn new(ctx: Ctx<'_>, format: String, is_decoder: bool) -> Result<usize> {
    let stream = Stream::new(&format, is_decoder)
        .ok_or_else(|| Exception::throw_type(&ctx, &format!("there is no compression format {format}")))?;
    Ok(STREAMS.with_borrow_mut(|streams| {
        let free = streams.iter().position(Option::is_none).unwrap_or_else(|| {
            streams.push(None);
            streams.len() - 1
        });
        streams[free] = Some(stream);
        free
    }))
}

fn write<'js>(ctx: Ctx<'js>, name: usize, chunk: Value<'js>) -> Result<TypedArray<'js, u8>> {
    let written = STREAMS.with_borrow_mut(|streams| {
        let stream = streams.get_mut(name).and_then(Option::as_mut)?;
        quickjs::with_uint8_array(&chunk, |bytes| stream.write(bytes))
    });
    output(&ctx, written.unwrap_or_else(|| Err(io::Error::other("the stream has ended"))))
}

/// The rest of the output, if it is wanted.
fn finish(ctx: Ctx<'_>, name: usize, is_wanted: bool) -> Result<TypedArray<'_, u8>> {
    let stream = STREAMS.with_borrow_mut(|streams| streams.get_mut(name).and_then(Option::take));
    match stream {
        Some(stream) if is_wanted => output(&ctx, stream.finish()),
        _ => output(&ctx, Ok(Vec::new())),
    }
}

fn output<'js>(ctx: &Ctx<'js>, output: io::Result<Vec<u8>>) -> Result<TypedArray<'js, u8>> {
    let output = output.map_err(|error| Exception::throw_type(ctx, &format!("the compressed data is wrong: {error}")))?;
    TypedArray::new_copy(ctx.clone(), output)
}
