//! `dbtruth generate`

use super::args::Generate;
use super::check::working_directory;
use super::{Code, out};
use crate::check::{Failure, Settings, read_lock};
use crate::discover::{display_path, normalise};
use crate::generate::generate;
use crate::source::Sources;

/// Writes the models: 0 written or up to date, 1 with `--check` when the file would change.
pub fn run(args: &Generate) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings::lock_only(&cwd, args.lock.as_deref())?;
    let (schema, _) = read_lock(&settings, &mut Sources::default())?;
    let text = generate(&schema, args.target);
    let Some(output) = &args.output else {
        out::results(&text);
        return Ok(0);
    };
    let path = normalise(output, &cwd);
    let shown = display_path(&path, &cwd);
    let same = std::fs::read(&path).is_ok_and(|old| old == text.as_bytes());
    if args.check {
        out::say(&if same { format!("{shown} is up to date") } else { format!("{shown} would change; run `dbtruth generate`") });
        return Ok(Code::from(!same));
    }
    if !same {
        crate::schema::lock::replace(&path, &text).map_err(|e| Failure::new(format!("{shown}: cannot be written: {e}")))?;
    }
    out::say(&format!("{shown} {}", if same { "is up to date" } else { "written" }));
    Ok(0)
}
