//! What goes through the pipes: a JSON head with its length, then the rest as bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// The most that a head may have.
const HEAD: usize = 256 << 20;

/// `head` and the parts of `rest` in one buffer.
pub(crate) fn pack(head: &impl Serialize, rest: &[&[u8]]) -> io::Result<Vec<u8>> {
    let head = serde_json::to_vec(head)?;
    let mut bytes = Vec::with_capacity(8 + head.len() + rest.iter().map(|part| part.len()).sum::<usize>());
    bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend(rest.iter().copied().flatten());
    Ok(bytes)
}

/// The head, and where the rest begins.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<(T, usize)> {
    let (length, bytes) = bytes.split_first_chunk::<8>().ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let head = bytes.get(..length).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((serde_json::from_slice(head)?, 8 + length))
}

/// The same from a stream, to its end.
pub(crate) fn read<T: DeserializeOwned>(mut from: impl Read) -> io::Result<(T, Vec<u8>)> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > HEAD {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut head = vec![0; length];
    from.read_exact(&mut head)?;
    let mut rest = Vec::new();
    from.read_to_end(&mut rest)?;
    Ok((serde_json::from_slice(&head)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let bytes = pack(&vec!["a", "b"], &[b"re", b"st"]).unwrap();
        let (head, rest) = unpack::<Vec<String>>(&bytes).unwrap();
        assert_eq!((head, &bytes[rest..]), (vec!["a".into(), "b".into()], &b"rest"[..]));
        assert_eq!(read::<Vec<String>>(&bytes[..]).unwrap().1, b"rest");
        for end in 0..bytes.len() - 4 {
            assert!(unpack::<Vec<String>>(&bytes[..end]).is_err(), "{end}");
        }
        assert!(read::<u8>(&[0xff; 16][..]).is_err());
    }
}
