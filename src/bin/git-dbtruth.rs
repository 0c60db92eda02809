//! `git dbtruth …`

use std::process::ExitCode;

fn main() -> ExitCode {
    dbtruth::cli::main(std::env::args_os())
}
