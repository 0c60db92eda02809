//! `cargo dbtruth …`: cargo passes the subcommand's own name as the first argument.

use std::process::ExitCode;

fn main() -> ExitCode {
    dbtruth::cli::main_as_subcommand(std::env::args_os())
}
