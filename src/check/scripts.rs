//! SQL files that migrations open and run: they are part of the migration that does, wherever they lie.

use rustc_hash::FxHashSet;

use super::{Opened, Settings};
use crate::source::{FileId, Language};

/// How such a file's name ends.
const END: &str = ".sql";

impl Opened {
    /// Whether a file is a migration, or a script that one names: right or wrong in the schema of its own time, not in today's.
    pub(super) fn is_of_migration(&self, settings: &Settings, file: FileId) -> bool {
        let Some(path) = self.path_of(file) else { return false };
        settings.is_migration(path) || {
            let named = self.scripts.get_or_init(|| self.named_by_migrations(settings));
            path.file_name().and_then(|n| n.to_str()).is_some_and(|n| named.contains(n))
        }
    }

    fn named_by_migrations(&self, settings: &Settings) -> FxHashSet<String> {
        let python = self.sources.iter().filter(|(_, f)| f.language == Language::Python);
        let migrations = python.filter(|(id, _)| self.path_of(*id).is_some_and(|p| settings.is_migration(p)));
        migrations.flat_map(|(_, f)| named(&f.text)).map(str::to_owned).collect()
    }
}

/// Names of SQL files at the ends of a text's string literals, without their folders; not those of which a part is put in.
fn named(text: &str) -> impl Iterator<Item = &str> {
    memchr::memmem::find_iter(text.as_bytes(), END).filter_map(move |at| {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
        let stem = text[..at].trim_end_matches(is_part).len();
        let ends = text[at + END.len()..].starts_with(['\'', '"']);
        let begins = text[..stem].ends_with(['\'', '"', '/']);
        (ends && begins && stem < at).then(|| &text[stem..at + END.len()])
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_scripts() {
        let names = |text: &str| super::named(text).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(names("run('sqls/0001_a.sql'); run(\"b.sql\"); open(f'{x}/c.sql')"), ["0001_a.sql", "b.sql", "c.sql"]);
        assert_eq!(names("# d.sql does it\nrun(f'{name}.sql', '%s.sql', '.sql', 'e.sqlite')"), Vec::<String>::new());
    }
}
