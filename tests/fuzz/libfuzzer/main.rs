//! The targets under libFuzzer; `DBTRUTH_FUZZ_TARGET` names the one.
#![no_main]

#[path = "../../common/runners.rs"]
mod runners;
#[cfg(feature = "server")]
#[path = "../session.rs"]
mod session;
#[path = "../targets.rs"]
mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<fn(&str)> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("DBTRUTH_FUZZ_TARGET").expect("DBTRUTH_FUZZ_TARGET names a target");
        targets::ALL.iter().find(|(n, _)| *n == name).expect("a target").1
    });
    let text = String::from_utf8_lossy(data).into_owned();
    // The stack that the program gives its threads.
    let work = std::thread::Builder::new().stack_size(16 << 20).spawn(move || target(&text)).expect("a thread");
    assert!(work.join().is_ok(), "failed");
});
