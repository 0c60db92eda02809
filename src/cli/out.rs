//! Standard output and standard error.

use std::io::{IsTerminal, Write};

use super::progress;
use crate::report::{Style, escape};

/// Writes results. A reader that went away (`| head`) is no error of ours.
pub fn results(text: &str) {
    progress::stop();
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

/// Says something to the person, safe to show in a terminal and in a CI log.
pub fn say(text: &str) {
    progress::stop();
    let lines: Vec<_> = text.split('\n').map(escape::visible).collect();
    let _ = writeln!(std::io::stderr(), "{}", escape::no_commands(&lines.join("\n")));
}

/// How results for people should look: <https://no-color.org>, and `COLUMNS` as shells set it.
pub fn style() -> Style {
    let env = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let terminal = std::io::stdout().is_terminal() && env("TERM").as_deref() != Some("dumb");
    let colour = env("NO_COLOR").is_none() && (terminal || env("CLICOLOR_FORCE").is_some_and(|v| v != "0"));
    let width = env("COLUMNS").and_then(|v| v.parse().ok()).or_else(|| terminal.then(terminal_width).flatten()).unwrap_or(100);
    Style { colour, width }
}

/// Columns of the terminal, asked from `stty`, which every system with terminals has; the kernel's own call would need unsafe code.
fn terminal_width() -> Option<usize> {
    let tty = std::fs::File::open("/dev/tty").ok()?;
    let out = std::process::Command::new("stty").arg("size").stdin(tty).output().ok()?;
    String::from_utf8(out.stdout).ok()?.split_whitespace().nth(1)?.parse().ok().filter(|&n| n > 0)
}
