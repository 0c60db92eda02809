//! `git dbtruth …`

use std::process::ExitCode;

include!("shared/forward.rs");

fn main() -> ExitCode {
    forward(std::env::args_os().skip(1).collect())
}
