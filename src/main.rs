//! The command line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    dbtruth::cli::main(std::env::args_os())
}
