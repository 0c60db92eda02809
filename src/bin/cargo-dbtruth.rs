//! `cargo dbtruth …`: cargo passes the subcommand's own name as the first argument.

use std::process::ExitCode;

include!("shared/forward.rs");

fn main() -> ExitCode {
    let mut args: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|a| a == "dbtruth") {
        args.remove(0);
    }
    forward(args)
}
