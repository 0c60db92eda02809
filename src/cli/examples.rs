//! What stands below each command's `--help`: the calls that people look for.

use clap::Command;

/// Command → its examples, one a line: `call  # what it is for`.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "check",
        "dbtruth check                                    # the whole project
dbtruth check app/ queries/report.sql            # report on these; everything is linked either way
dbtruth check --staged                           # what the next commit will hold
dbtruth check --since origin/main                # lines that differ from a branch
dbtruth check --format sarif >dbtruth.sarif      # for code scanning
dbtruth check --baseline known.jsonl --update-baseline  # accept today's findings",
    ),
    ("fix", "dbtruth fix --migration                          # write what the database lacks"),
    (
        "pull",
        "dbtruth pull --from schema.sql                   # from `pg_dump --schema-only`
dbtruth pull --from migrations/                  # from SQL or Alembic migrations
dbtruth pull --database-url postgresql://localhost/app
dbtruth pull --from schema.sql --check           # for CI: would the lock change?",
    ),
    (
        "refs",
        "dbtruth refs orders.total                        # who breaks if I drop this column?
dbtruth refs orders --in app/                    # only places below app/
dbtruth refs --format json | jq .references",
    ),
    ("models", "dbtruth models                                   # every model and its table\ndbtruth models app/models --format json"),
    ("hook", "dbtruth hook install                             # write .git/hooks/pre-commit\ndbtruth hook uninstall"),
    (
        "diff",
        "dbtruth diff HEAD schema.lock.yaml               # what the worktree's lock changes
dbtruth diff main HEAD --impact --format markdown  # for a pull request",
    ),
    (
        "generate",
        "dbtruth generate pydantic -o app/schema.py
dbtruth generate sqlalchemy -o app/tables.py --check  # for CI",
    ),
    ("completions", "dbtruth completions bash >~/.local/share/bash-completion/completions/dbtruth\ndbtruth completions zsh >~/.zfunc/_dbtruth"),
    ("man", "dbtruth man >~/.local/share/man/man1/dbtruth.1"),
    ("rules", "dbtruth rules\ndbtruth rules --format json"),
    ("explain", "dbtruth explain unknown-column"),
    ("init", "dbtruth init                                     # look around, write dbtruth.yaml, say what comes next"),
    (
        "show",
        "dbtruth show                                     # all tables and views, one line each
dbtruth show orders                              # its columns, keys, who points at it, where it is read and written
dbtruth show --format mermaid >er.mmd            # the entity relationship diagram
dbtruth show orders --format dot | dot -Tsvg >orders.svg",
    ),
    ("drift", "dbtruth drift --database-url postgresql://localhost/app"),
    (
        "verify",
        "dbtruth verify --database-url postgresql://localhost/app
dbtruth verify app/queries --format json",
    ),
    (
        "report",
        "dbtruth report                                   # how each table stands, for a terminal
dbtruth report --format html --output report.html  # one page for the wall
dbtruth report --format markdown >conformance.md
dbtruth report --database-url postgresql://localhost/app  # the live database as a further source",
    ),
    (
        "sync",
        "dbtruth sync --database-url postgresql://localhost/app
dbtruth sync --from migrations/ --format html --output report.html
dbtruth sync --check                             # for CI: would anything change?",
    ),
    ("merge", "dbtruth merge %O %A %B %P                        # as git's merge driver calls it"),
    ("server", "dbtruth server                                   # started by an editor, which speaks LSP on stdin and stdout"),
];

/// The command line with every command's examples.
pub fn add(mut command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|s| s.get_name().to_owned()).collect();
    for name in names {
        if let Some((_, text)) = EXAMPLES.iter().find(|(n, _)| *n == name) {
            let text = text.lines().map(|l| format!("  {l}")).collect::<Vec<_>>().join("\n");
            command = command.mut_subcommand(name, |c| c.after_help(format!("Examples:\n{text}")));
        }
    }
    command.after_help("Exit codes: 0 clean, 1 findings, 2 could not run.\n`dbtruth COMMAND --help` has examples of each command.")
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::args::Args;

    #[test]
    fn every_command_has_examples_that_parse() {
        for sub in Args::command().get_subcommands().filter(|s| s.get_name() != "help") {
            let (_, text) = EXAMPLES.iter().find(|(n, _)| *n == sub.get_name()).unwrap_or_else(|| panic!("`{}` has no example here", sub.get_name()));
            for line in text.lines() {
                let call = line.split(['#', '>', '|']).next().expect("there is a first part");
                if let Err(error) = Args::try_parse_from(call.split_whitespace()) {
                    panic!("{line}: {error}");
                }
            }
        }
    }
}
