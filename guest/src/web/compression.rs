//! Compression streams (<https://compression.spec.whatwg.org/>), by the crate `flate2`.

use std::cell::RefCell;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateDecoder, DeflateEncoder, GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};
use javy::quickjs::{Array, Ctx, Error, Exception, Object, Result, TypedArray, Value};

use crate::quickjs;
use crate::runtime::define;

/// How many bytes of output are made at once, so that they can be counted, and read, before there are more.
const MOST_PIECE: usize = 64 << 10;

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

    /// What is there of the output after the bytes from `at` on, as one piece of it, and where to go on if there may be more: a
    /// few bytes may become many.
    fn write(&mut self, bytes: &[u8], mut at: usize) -> io::Result<(Vec<u8>, Option<usize>)> {
        while at < bytes.len() && self.output().len() < MOST_PIECE {
            match self.writer().write(&bytes[at..])? {
                // A decoder that is at its end takes no more bytes, and what follows the end is an error.
                0 => return Err(io::ErrorKind::WriteZero.into()),
                taken => at += taken,
            }
        }
        let is_done = at == bytes.len() && self.output().len() < MOST_PIECE;
        if is_done && self.is_decoder() {
            self.writer().flush()?;
        }
        let output = self.output();
        let rest = output.split_off(output.len().min(MOST_PIECE));
        let next = (!is_done || !rest.is_empty()).then_some(at);
        Ok((std::mem::replace(output, rest), next))
    }

    fn is_decoder(&self) -> bool {
        matches!(self, Self::Inflate(_) | Self::InflateRaw(_) | Self::Gunzip(_))
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Deflate(it) => it,
            Self::DeflateRaw(it) => it,
            Self::Gzip(it) => it,
            Self::Inflate(it) => it,
            Self::InflateRaw(it) => it,
            Self::Gunzip(it) => it,
        }
    }

    fn output(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Deflate(it) => it.get_mut(),
            Self::DeflateRaw(it) => it.get_mut(),
            Self::Gzip(it) => it.get_mut(),
            Self::Inflate(it) => it.get_mut(),
            Self::InflateRaw(it) => it.get_mut(),
            Self::Gunzip(it) => it.get_mut(),
        }
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

/// A piece of the output, and where in the chunk to go on for the next one; nothing there if that was all.
fn write<'js>(ctx: Ctx<'js>, name: usize, chunk: Value<'js>, at: usize) -> Result<Array<'js>> {
    let written = STREAMS.with_borrow_mut(|streams| {
        let stream = streams.get_mut(name).and_then(Option::as_mut)?;
        quickjs::with_uint8_array(&chunk, |bytes| stream.write(bytes, at))
    });
    let written = written.unwrap_or_else(|| Err(io::Error::other("the stream has ended")));
    let (piece, next) = written.map_err(|error| wrong(&ctx, &error))?;
    let result = Array::new(ctx.clone())?;
    result.set(0, TypedArray::<u8>::new_copy(ctx, piece)?)?;
    result.set(1, next)?;
    Ok(result)
}

/// The rest of the output, if it is wanted.
fn finish(ctx: Ctx<'_>, name: usize, is_wanted: bool) -> Result<TypedArray<'_, u8>> {
    let stream = STREAMS.with_borrow_mut(|streams| streams.get_mut(name).and_then(Option::take));
    let rest = match stream {
        Some(stream) if is_wanted => stream.finish().map_err(|error| wrong(&ctx, &error))?,
        _ => Vec::new(),
    };
    TypedArray::new_copy(ctx, rest)
}

fn wrong(ctx: &Ctx<'_>, error: &io::Error) -> Error {
    Exception::throw_type(ctx, &format!("the compressed data is wrong: {error}"))
}
