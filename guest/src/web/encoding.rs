//! Text as bytes: the Encoding Standard (<https://encoding.spec.whatwg.org/>) by the crate `encoding_rs`, and base64.

use std::cell::RefCell;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use data_url::forgiving_base64;
use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding};
use javy::quickjs::{Array, Ctx, Exception, Object, Result, String as JsString, TypedArray, Value};

use super::{bytes, text};
use crate::quickjs;
use crate::runtime::define;

thread_local! {
    /// The decoders that wait for more, each at the place that is its name.
    static DECODERS: RefCell<Vec<Option<Streaming>>> = const { RefCell::new(Vec::new()) };
}

struct Streaming {
    decoder: Decoder,
    fatal: bool,
    keep_bom: bool,
}

pub(super) fn install(native: &Object<'_>) -> Result<()> {
    define(native, "encode", encode)?;
    define(native, "encodeInto", encode_into)?;
    define(native, "encodingName", encoding_name)?;
    define(native, "decode", decode)?;
    define(native, "newDecoder", new_decoder)?;
    define(native, "decodeMore", decode_more)?;
    define(native, "base64ToBytes", base64_to_bytes)?;
    define(native, "base64ToBinary", base64_to_binary)?;
    define(native, "bytesToBase64", bytes_to_base64)?;
    define(native, "bytesToBase64Url", bytes_to_base64_url)?;
    define(native, "base64UrlToBytes", base64_url_to_bytes)?;
    define(native, "binaryToBase64", binary_to_base64)
}

fn encode<'js>(ctx: Ctx<'js>, source: JsString<'js>) -> Result<TypedArray<'js, u8>> {
    TypedArray::new_copy(ctx, text(&source))
}

/// How many UTF-16 units were read and how many bytes written.
fn encode_into<'js>(ctx: Ctx<'js>, source: JsString<'js>, destination: Value<'js>) -> Result<Array<'js>> {
    let source = text(&source);
    let (read, written) = quickjs::with_uint8_array_mut(&destination, |room| {
        let end = source.floor_char_boundary(room.len());
        room[..end].copy_from_slice(&source.as_bytes()[..end]);
        (source[..end].encode_utf16().count(), end)
    })
    .unwrap_or_default();
    let result = Array::new(ctx)?;
    result.set(0, read)?;
    result.set(1, written)?;
    Ok(result)
}

/// The name in lower case of the encoding that has this label, if one has.
fn encoding_name(label: JsString<'_>) -> Option<String> {
    Encoding::for_label_no_replacement(text(&label).as_bytes()).map(|encoding| encoding.name().to_lowercase())
}

fn decoder(ctx: &Ctx<'_>, label: &JsString<'_>, keep_bom: bool) -> Result<Decoder> {
    let encoding = Encoding::for_label(text(label).as_bytes())
        .ok_or_else(|| Exception::throw_range(ctx, "there is no encoding of that name"))?;
    Ok(new_decoder_of(encoding, keep_bom))
}

fn new_decoder_of(encoding: &'static Encoding, keep_bom: bool) -> Decoder {
    if keep_bom { encoding.new_decoder_without_bom_handling() } else { encoding.new_decoder_with_bom_removal() }
}

/// All of the text at once; nothing if the bytes are wrong and `fatal` says that they must not be.
fn decode<'js>(
    ctx: Ctx<'js>,
    source: Value<'js>,
    label: JsString<'js>,
    fatal: bool,
    keep_bom: bool,
) -> Result<Option<String>> {
    let mut decoder = decoder(&ctx, &label, keep_bom)?;
    read(&source, |source| push(&mut decoder, source, fatal, true))
}

/// A decoder that is given its bytes piece by piece, by a number for `decodeMore`.
fn new_decoder<'js>(ctx: Ctx<'js>, label: JsString<'js>, fatal: bool, keep_bom: bool) -> Result<usize> {
    let decoder = decoder(&ctx, &label, keep_bom)?;
    Ok(DECODERS.with_borrow_mut(|decoders| {
        let free = decoders.iter().position(Option::is_none).unwrap_or_else(|| {
            decoders.push(None);
            decoders.len() - 1
        });
        decoders[free] = Some(Streaming { decoder, fatal, keep_bom });
        free
    }))
}

/// The text of one more piece; nothing if it is wrong and must not be. The last piece, or a wrong one, ends the decoder.
fn decode_more<'js>(ctx: Ctx<'js>, name: usize, source: Value<'js>, more_follows: bool) -> Result<Option<String>> {
    let taken = DECODERS.with_borrow_mut(|decoders| decoders.get_mut(name).and_then(Option::take));
    let Some(mut streaming) = taken else { return Err(Exception::throw_type(&ctx, "the decoder has ended")) };
    let decoded = read(&source, |source| push(&mut streaming.decoder, source, streaming.fatal, !more_follows))?;
    if more_follows {
        // One that has met an error begins anew with the next piece.
        if decoded.is_none() {
            streaming.decoder = new_decoder_of(streaming.decoder.encoding(), streaming.keep_bom);
        }
        DECODERS.with_borrow_mut(|decoders| decoders[name] = Some(streaming));
    }
    Ok(decoded)
}

fn read<T>(source: &Value<'_>, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>> {
    quickjs::with_uint8_array(source, read).ok_or_else(|| Exception::throw_type(source.ctx(), "not a Uint8Array"))
}

fn push(decoder: &mut Decoder, source: &[u8], fatal: bool, last: bool) -> Option<String> {
    if fatal {
        let mut out = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(source.len())?);
        let (result, _) = decoder.decode_to_string_without_replacement(source, &mut out, last);
        return (result == DecoderResult::InputEmpty).then_some(out);
    }
    let mut out = String::with_capacity(decoder.max_utf8_buffer_length(source.len())?);
    let (result, ..) = decoder.decode_to_string(source, &mut out, last);
    debug_assert_eq!(result, CoderResult::InputEmpty, "there is room for all of it");
    Some(out)
}

fn from_base64(source: &JsString<'_>) -> Option<Vec<u8>> {
    forgiving_base64::decode_to_vec(text(source).as_bytes()).ok()
}

fn base64_to_bytes<'js>(ctx: Ctx<'js>, source: JsString<'js>) -> Result<Option<TypedArray<'js, u8>>> {
    from_base64(&source).map(|decoded| TypedArray::new_copy(ctx, decoded)).transpose()
}

/// A string with a character for each byte.
fn base64_to_binary(source: JsString<'_>) -> Option<String> {
    Some(from_base64(&source)?.into_iter().map(char::from).collect())
}

fn bytes_to_base64(source: Value<'_>) -> Result<String> {
    Ok(BASE64_STANDARD.encode(bytes(&source)?))
}

fn bytes_to_base64_url(source: Value<'_>) -> Result<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes(&source)?))
}

/// Nothing if a character is none of that alphabet's. It may be padded, as keys of some libraries are.
fn base64_url_to_bytes<'js>(ctx: Ctx<'js>, source: JsString<'js>) -> Result<Option<TypedArray<'js, u8>>> {
    let source = text(&source);
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(source.trim_end_matches('='));
    decoded.ok().map(|bytes| TypedArray::new_copy(ctx, bytes)).transpose()
}

/// Nothing if a character is none that stands for a byte.
fn binary_to_base64(source: JsString<'_>) -> Option<String> {
    let source: Option<Vec<u8>> = text(&source).chars().map(|character| u8::try_from(character).ok()).collect();
    Some(BASE64_STANDARD.encode(source?))
}
