//! Encoded message blocks of RSASSA-PKCS1-v1_5 (RFC 8017 section 9.2), right ones and others.

use super::{
    der::element,
    hash::{digest, identifier},
};
use crate::model::mutation::{BlockShape, HashName};

const NULL: &[u8] = &[5, 0];
const GARBAGE: &[u8] = b"gauntlet garbage";

/// The block of a text for a key of `length` bytes, with one thing other than it should be, or none.
pub(crate) fn block(shape: Option<BlockShape>, hash: HashName, text: &[u8], length: usize) -> Option<Vec<u8>> {
    let value = digest(hash, text);
    let info = digest_info(shape, hash, &value);
    let behind: &[u8] = if shape == Some(BlockShape::BytesBehind) { GARBAGE } else { &[] };
    let (filler, kind, first) = match shape {
        Some(BlockShape::OtherPadding) => (0xfe, 1, 0),
        Some(BlockShape::TypeZero) => (0, 0, 0),
        Some(BlockShape::TypeTwo) => (0xff, 2, 0),
        Some(BlockShape::FirstByte) => (0xff, 1, 1),
        _ => (0xff, 1, 0),
    };
    let room = length.checked_sub(3 + info.len() + behind.len())?;
    if shape == Some(BlockShape::ShortPadding) {
        // As a short number: a check that skips all zeros in front sees block type 1 and seven bytes.
        return Some([&vec![0; room.checked_sub(7)? + 1][..], &[1], &[0xff; 7], &[0], &info].concat());
    }
    Some([&[first, kind][..], &vec![filler; room], &[0], &info, behind].concat())
}

/// `SEQUENCE { SEQUENCE { identifier, NULL }, hash }`.
pub(crate) fn digest_info(shape: Option<BlockShape>, hash: HashName, value: &[u8]) -> Vec<u8> {
    let other = if hash == HashName::Sha384 { HashName::Sha512 } else { HashName::Sha384 };
    let (identifier, parameters) = match shape {
        Some(BlockShape::BareHash) => return value.to_vec(),
        Some(BlockShape::OtherOid) => (identifier(other), NULL.to_vec()),
        Some(BlockShape::NullAbsent) => (identifier(hash), Vec::new()),
        Some(BlockShape::Parameters) => (identifier(hash), element(4, GARBAGE)),
        _ => (identifier(hash), NULL.to_vec()),
    };
    let behind: &[u8] = if shape == Some(BlockShape::BytesInside) { GARBAGE } else { &[] };
    let content = [&element(0x30, &[identifier, &parameters].concat())[..], &element(4, value), behind].concat();
    match shape {
        Some(BlockShape::LongLength) => {
            let short = element(0x30, &content);
            [&[0x30, 0x81, short[1]][..], &content].concat()
        }
        Some(BlockShape::IndefiniteLength) => [&[0x30, 0x80][..], &content, &[0, 0]].concat(),
        _ => element(0x30, &content),
    }
}
