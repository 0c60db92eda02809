//! The command line: arguments in, exit code out. Results go to standard output, talk to standard error.

mod args;
mod check;
mod diff;
mod drift;
mod examples;
mod fix;
mod generate;
mod hook;
mod init;
mod listing;
mod merge;
mod out;
mod pages;
mod progress;
mod pull;
mod report;
#[cfg(feature = "server")]
mod server;
mod show;
mod sync;
#[cfg(feature = "live")]
mod verify;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::check::Failure;
use args::{Args, Command};

/// 0 clean, 1 findings, 2 could not run.
type Code = u8;

/// Bytes of stack for each thread.
const STACK: usize = 16 << 20;

/// Runs the program with these arguments, the first of which is its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // Of few files, until it turns out otherwise: to clear a large page takes as long as half of what a hook does.
    crate::check::large_pages(false);
    let parsed = examples::add(Args::command()).try_get_matches_from(args).and_then(|m| Args::from_arg_matches(&m));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` are no failure; clap knows which stream is whose.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // What a panic says may hold anything that a file holds.
    std::panic::set_hook(Box::new(|panic| out::say(&format!("internal error: {panic}"))));
    // Walks over trees recurse up to the depth at which trees are cut; threads of the usual size would not hold that.
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build();
    let result = match pool {
        Ok(pool) => pool.install(|| catch_unwind(AssertUnwindSafe(|| run(args)))),
        Err(error) => Ok(Err(Failure::new(format!("no threads can be started: {error}")))),
    };
    match result {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => {
            out::say(&format!("error: {failure}"));
            ExitCode::from(2)
        }
        Err(_) => {
            out::say("error: dbtruth crashed; that is a bug of ours, please report it with the lines above");
            ExitCode::from(2)
        }
    }
}

fn run(args: Args) -> Result<Code, Failure> {
    let _progress = progress::start();
    match args.command {
        Command::Check(args) => check::run(&args),
        Command::Fix(args) => fix::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Pull(args) => pull::run(&args),
        Command::Refs(args) => listing::refs(&args),
        Command::Models(args) => listing::models(&args),
        Command::Hook(hook) => hook::run(hook),
        Command::Diff(args) => diff::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Report(args) => report::run(&args),
        #[cfg(feature = "live")]
        Command::Verify(args) => verify::run(&args),
        #[cfg(not(feature = "live"))]
        Command::Verify(_) => Err(Failure::new("this dbtruth was built without the database client").help("build it with the feature `live`")),
        Command::Sync(args) => sync::run(&args),
        #[cfg(feature = "server")]
        Command::Server(_) => server::run(),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "dbtruth", &mut text);
            out::results(&String::from_utf8_lossy(&text));
            Ok(0)
        }
        Command::Man => pages::manual(),
        Command::Rules { format } => Ok(pages::rules(format)),
        Command::Explain { rule } => pages::explain(&rule),
    }
}
