//! A finding's name across commits: stable while lines move, so that a baseline and a code-scanning page recognise it.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::source::Sources;

/// One fingerprint for each finding, in their order: 16 hexadecimal digits over rule, file, names and message, and the how-many-eth of its kind.
pub fn fingerprints(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    let mut one = |d: &Diagnostic| {
        let parts = [Some(d.rule), Some(&sources.get(d.location.file).path), d.schema.as_deref(), d.table.as_deref(), d.column.as_deref(), Some(&d.message)];
        let base = parts.iter().fold(FNV_START, |hash, part| fnv(fnv(hash, part.unwrap_or("").as_bytes()), &[0xff]));
        let nth = seen.entry(base).or_default();
        *nth += 1;
        format!("{:016x}", fnv(base, &nth.to_le_bytes()))
    };
    diagnostics.iter().map(&mut one).collect()
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same on every machine and in every version, which the standard library's hashers do not promise.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
