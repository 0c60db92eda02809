//! The command line program.

use std::process::ExitCode;

/// Trees are made of many small pieces, by several threads: a third of the time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dbtruth::cli::main(std::env::args_os())
}
