//! The little DER that keys and DigestInfo need (X.690 sections 8.1 and 8.3).

/// Tag, length and content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let head = match content.len() {
        0..=0x7f => vec![tag, length[length.len() - 1]],
        _ => [&[tag, 0x80 | significant.len().to_be_bytes()[size_of::<usize>() - 1]][..], &significant].concat(),
    };
    [&head[..], content].concat()
}

/// The content of the first element of a tag, and what stands behind it.
pub(super) fn open(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}
