//! `dbtruth rules`, `dbtruth explain`, `dbtruth man`

use clap::CommandFactory;

use super::args::{Args, ListFormat};
use super::{Code, examples, out};
use crate::check::Failure;
use crate::config::Level;
use crate::report::json;
use crate::rules;

/// The list of rules.
pub fn rules(format: ListFormat) -> Code {
    #[derive(serde::Serialize)]
    struct Entry {
        rule: &'static str,
        level: Level,
        summary: &'static str,
    }
    #[derive(serde::Serialize)]
    struct List {
        version: u32,
        rules: Vec<Entry>,
    }
    let rules: Vec<Entry> = rules::ALL.iter().map(|r| Entry { rule: r.name, level: r.level, summary: r.summary }).collect();
    if format == ListFormat::Json {
        out::results(&json::line(&List { version: 1, rules }));
        return 0;
    }
    let level = |l| match l {
        Level::Off => "off",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let width = rules.iter().map(|r| r.rule.len()).max().unwrap_or(0);
    for r in rules {
        out::results(&format!("{:width$}  {:7}  {}\n", r.rule, level(r.level), r.summary));
    }
    0
}

/// One rule's page.
pub fn explain(name: &str) -> Result<Code, Failure> {
    let Some(rule) = rules::find(name) else {
        let near = rules::suggest::best(name, rules::ALL.iter().map(|r| r.name));
        let help = near.map_or_else(|| "`dbtruth rules` lists them".to_owned(), |n| format!("did you mean `{n}`?"));
        return Err(Failure::new(format!("there is no rule `{name}`")).help(help));
    };
    out::results(rule.page);
    Ok(0)
}

/// The manual page of the program with all its commands, for `man -l` and for packages.
pub fn manual() -> Result<Code, Failure> {
    let failed = |e: std::io::Error| Failure::new(format!("the manual page cannot be written: {e}"));
    let mut command = examples::add(Args::command());
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set() && s.get_name() != "help") {
        let man = clap_mangen::Man::new(sub.clone());
        page.extend_from_slice(format!(".SH DBTRUTH {}\n", sub.get_name().to_uppercase()).as_bytes());
        man.render_description_section(&mut page).map_err(failed)?;
        man.render_options_section(&mut page).map_err(failed)?;
        man.render_extra_section(&mut page).map_err(failed)?;
    }
    out::results(&String::from_utf8_lossy(&page));
    Ok(0)
}
