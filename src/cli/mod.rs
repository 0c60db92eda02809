//! The command line: arguments in, exit code out. Results go to standard output, talk to standard error.

mod args;
mod check;
mod out;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::check::Failure;
use args::{Args, Command};

/// 0 clean, 1 findings, 2 could not run.
type Code = u8;

/// Runs the program with these arguments, the first of which is its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` are no failure; clap knows which stream is whose.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            out::say(&format!("error: {failure}"));
            ExitCode::from(2)
        }
    }
}

/// The same for a program started as `cargo dbtruth …`, which gets `dbtruth` as its first argument.
pub fn main_as_subcommand(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|a| a == "dbtruth") {
        args.remove(1);
    }
    main(args)
}

fn run(args: Args) -> Result<Code, Failure> {
    match args.command {
        Command::Check(args) => check::run(&args),
    }
}
