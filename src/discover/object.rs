//! Names of git's objects.

use std::fmt;

use sha1::{Digest, Sha1};

/// The most bytes a name has: a SHA-256.
const MOST: usize = 32;

/// The name of an object: SHA-1 or SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    bytes: [u8; MOST],
    len: u8,
}

impl ObjectName {
    /// Of its bytes; `None` for more than a name has.
    pub(super) fn of_bytes(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; MOST];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        Some(Self { bytes, len: u8::try_from(name.len()).ok()? })
    }

    /// Of its digits, as git prints it.
    pub fn of_hex(hex: &[u8]) -> Option<Self> {
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let mut bytes = [0; MOST];
        for (to, pair) in bytes.get_mut(..hex.len() / 2)?.iter_mut().zip(hex.chunks_exact(2)) {
            *to = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self { bytes, len: u8::try_from(hex.len() / 2).ok()? })
    }

    /// Whether these are its digits.
    pub fn is_written(&self, hex: &[u8]) -> bool {
        let digit = |n: u8| b"0123456789abcdef"[usize::from(n)];
        let own = self.as_bytes();
        hex.len() == 2 * own.len() && own.iter().zip(hex.chunks_exact(2)).all(|(b, pair)| pair == [digit(b >> 4), digit(b & 15)])
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Whether it stands for no bytes.
    pub fn is_empty_blob(&self) -> bool {
        let name = self.as_bytes();
        name.starts_with(&[0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43]) || name.starts_with(&[0x47, 0x3a, 0x0f, 0x4c, 0x3b, 0xe8, 0xa9, 0x36])
    }

    /// Whether a blob of these bytes has this name. Of SHA-256 nothing is claimed.
    pub fn is_of(&self, content: &[u8]) -> bool {
        if self.len != 20 {
            return false;
        }
        let mut hash = Sha1::new();
        hash.update(format!("blob {}\0", content.len()));
        hash.update(content);
        self.as_bytes() == hash.finalize().as_slice()
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_its_bytes() {
        // As `git hash-object` says.
        let name = ObjectName::of_hex(b"ce013625030ba8dba906f756967f9e9ca394464a").expect("a name");
        assert_eq!(name.to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert!(
            name.is_written(b"ce013625030ba8dba906f756967f9e9ca394464a")
                && !name.is_written(b"ce013625030ba8dba906f756967f9e9ca394464b")
                && !name.is_written(b"ce")
        );
        assert!(name.is_of(b"hello\n") && !name.is_of(b"hello") && !name.is_empty_blob());
        let empty = ObjectName::of_hex(b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391").expect("a name");
        assert!(empty.is_of(b"") && empty.is_empty_blob());
        assert_eq!(ObjectName::of_bytes(name.as_bytes()), Some(name));
        assert!(ObjectName::of_hex(b"xy").is_none() && ObjectName::of_hex(&[b'a'; 66]).is_none());
    }
}
