//! How large the pages of memory are that the system gives us.
//!
//! Where it gives large ones to who asks (`madvise` in `/sys/kernel/mm/transparent_hugepage/enabled`, what Debian and Ubuntu have), a run over a large project takes a tenth
//! less of the processor's time, and up to a half on a machine whose memory is busy: trees are hundreds of megabytes, looked at from all sides. A run over one file fills none of
//! its pages, and takes a third more memory.

/// Asks for large pages from now on, or does without.
pub fn large_pages(wanted: bool) {
    // Where it cannot be said, things are as they were.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(!wanted);
    #[cfg(not(target_os = "linux"))]
    let _ = wanted;
}
