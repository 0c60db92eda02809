//! By what files are known to be the same as before, without reading them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use super::Settings;
use super::memo::digest;
use crate::discover::{Candidate, ObjectName, Origin, below};

/// A file on disk, as far as it can be known without reading.
#[derive(Hash)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    /// Unix: the inode, and when it was last changed, which nobody can set.
    inode: (u64, i64, i64),
}

/// By what a file is known to be the same as before.
#[derive(Hash)]
pub(super) enum KnownBy {
    /// What the disk says; `None` where it says nothing.
    Disk(Option<Stamp>),
    /// What git calls its bytes.
    Git(ObjectName),
    /// A digest of its bytes.
    Memory(String),
}

/// What each of the files is known by, in their order.
pub(super) fn all(settings: &Settings) -> Vec<KnownBy> {
    // The system follows a short way sooner than a long one.
    let here = std::env::current_dir().is_ok_and(|cwd| cwd == settings.cwd);
    let one = |candidate: &Candidate| match &candidate.origin {
        Origin::Disk => {
            let short = below(&candidate.absolute, &settings.cwd).filter(|_| here);
            KnownBy::Disk(Stamp::of(short.map_or(&*candidate.absolute, Path::new)))
        }
        Origin::Memory(bytes) => KnownBy::Memory(digest(bytes)),
        Origin::Blob(blob) => KnownBy::Git(blob.name),
    };
    settings.files.par_iter().map(one).collect()
}

impl KnownBy {
    /// In letters.
    pub fn letters(&self) -> String {
        match self {
            KnownBy::Git(name) => name.to_string(),
            known => format!("{:016x}", known.number()),
        }
    }

    fn number(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        self.hash(&mut hash);
        hash.finish()
    }

    /// Whether these are its letters.
    pub fn is(&self, letters: &str) -> bool {
        match self {
            KnownBy::Git(name) => name.is_written(letters.as_bytes()),
            known => letters.len() == 16 && u64::from_str_radix(letters, 16) == Ok(known.number()),
        }
    }

    /// When a file on disk last changed in any way, and long ago for any other; `None` where the disk does not say.
    pub fn newest(&self) -> Option<SystemTime> {
        match self {
            KnownBy::Disk(stamp) => stamp.as_ref()?.newest(),
            KnownBy::Git(_) | KnownBy::Memory(_) => Some(UNIX_EPOCH),
        }
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (data.ino(), data.ctime(), data.ctime_nsec())
        };
        #[cfg(not(unix))]
        let inode = (0, 0, 0);
        Some(Self { len: data.len(), modified: data.modified().ok(), inode })
    }

    /// When it last changed in any way.
    fn newest(&self) -> Option<SystemTime> {
        let changed = UNIX_EPOCH + Duration::new(u64::try_from(self.inode.1).ok()?, u32::try_from(self.inode.2).ok()?);
        Some(self.modified?.max(changed))
    }
}
