//! Compression (RFC 7516 section 4.1.3), and little texts that become big ones.

use crate::{model::jwe::Zip, token::error::ForgeError};
use flate2::{Compress, Compression, FlushCompress, Status, write::DeflateEncoder, write::ZlibEncoder};
use std::io::Write;

const MEBIBYTE: usize = 1 << 20;
const FAILED: ForgeError = ForgeError::Crypto("compression");

/// The most that is ever promised to a target: 1 GiB.
const MOST_MEBIBYTES: u32 = 1024;

/// Compresses as well as it goes.
pub(super) fn compress(zip: Zip, content: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let done = match zip {
        Zip::Deflate => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(content).and_then(|()| encoder.finish())
        }
        Zip::Zlib => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(content).and_then(|()| encoder.finish())
        }
    };
    done.map_err(|_| FAILED)
}

/// So many mebibytes of the letter `a`, compressed. One mebibyte is compressed up to a full flush, behind which nothing
/// refers to what came before, so that its bytes can be repeated: the big text is never in memory.
pub(super) fn letters(zip: Zip, mebibytes: u32) -> Result<Vec<u8>, ForgeError> {
    let mebibytes = mebibytes.min(MOST_MEBIBYTES) as usize;
    let mut encoder = Compress::new(Compression::best(), false);
    let block = run(&mut encoder, &vec![b'a'; MEBIBYTE], FlushCompress::Full)?;
    let end = run(&mut encoder, &[], FlushCompress::Finish)?;
    let raw = [block.repeat(mebibytes), end].concat();
    Ok(match zip {
        Zip::Deflate => raw,
        // RFC 1950 section 2.2: the usual two bytes, and a checksum of the big text.
        Zip::Zlib => [&[0x78, 0xda][..], &raw, &checksum_of_letters(mebibytes * MEBIBYTE).to_be_bytes()].concat(),
    })
}

fn run(encoder: &mut Compress, mut input: &[u8], flush: FlushCompress) -> Result<Vec<u8>, ForgeError> {
    let mut out = Vec::with_capacity(MEBIBYTE / 64);
    loop {
        let before = encoder.total_in();
        let status = encoder.compress_vec(input, &mut out, flush).map_err(|_| FAILED)?;
        let taken = usize::try_from(encoder.total_in() - before).map_err(|_| FAILED)?;
        input = &input[taken..];
        let has_room = out.len() < out.capacity();
        match status {
            Status::StreamEnd => return Ok(out),
            Status::Ok | Status::BufError if input.is_empty() && has_room => return Ok(out),
            _ => out.reserve(MEBIBYTE / 64),
        }
    }
}

/// Adler-32 (RFC 1950 section 8.2) of so many letters `a`: both of its sums are sums of an arithmetic series.
fn checksum_of_letters(length: usize) -> u32 {
    const MODULUS: u128 = 65_521;
    let (n, letter) = (length as u128, u128::from(b'a'));
    let one = (1 + n * letter) % MODULUS;
    let two = (n + letter * n * (n + 1) / 2) % MODULUS;
    u32::try_from(two << 16 | one).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::{DeflateDecoder, ZlibDecoder};
    use std::io::Read;

    fn inflated(zip: Zip, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        match zip {
            Zip::Deflate => DeflateDecoder::new(bytes).read_to_end(&mut text).unwrap(),
            Zip::Zlib => ZlibDecoder::new(bytes).read_to_end(&mut text).unwrap(),
        };
        text
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for zip in [Zip::Deflate, Zip::Zlib] {
            for content in [&b""[..], b"a", &b"{\"iss\":\"x\"}".repeat(100)] {
                assert_eq!(inflated(zip, &compress(zip, content).unwrap()), content);
            }
        }
    }

    #[test]
    fn a_little_text_becomes_a_big_one() {
        for zip in [Zip::Deflate, Zip::Zlib] {
            let little = letters(zip, 3).unwrap();
            assert!(little.len() < 4000, "{} bytes", little.len());
            let big = inflated(zip, &little);
            assert!(big.len() == 3 * MEBIBYTE && big.iter().all(|byte| *byte == b'a'));
        }
    }
}
