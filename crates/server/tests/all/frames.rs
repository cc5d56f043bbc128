//! Frames of HTTP/2, as a client that keeps to nothing makes them.

/// How a client of HTTP/2 begins.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// One frame of HTTP/2: RFC 9113, 4.1.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The frames of HTTP/2 in some bytes, by type and payload.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while bytes.len() >= 9 {
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let kind = bytes[3];
        let payload = bytes.get(9..9 + length).unwrap_or(&bytes[9..]);
        frames.push((kind, payload));
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    frames
}

/// The head of a GET, in HPACK: of the static table, and the authority as it is.
pub(crate) fn get_block(path: &str, authority: &str) -> Vec<u8> {
    let literal = |index: u8, value: &str| [&[index, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    [vec![0x82, 0x86], literal(0x04, path), literal(0x01, authority)].concat()
}
