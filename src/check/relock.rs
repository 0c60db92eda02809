//! The lock changed while someone looks on: what is linked is judged by the new one, and only files that speak of tables that differ are walked again. What
//! is remembered of functions stays, and so do models: a full link follows, and has the last word.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::live::{Live, Rest};
use super::{deprecations, read};
use crate::diagnostic::Context;
use crate::project::isolate;
use crate::project::uses::Uses;
use crate::schema::{self, Schema, diff};
use crate::source::{FileId, Language, SourceFile};
use crate::symbol::Symbol;
use crate::{repair, rules};

impl<'a> Live<'a> {
    /// Gives the lock a new text and judges everything by it; `false` where only a full link can: it cannot be read, it differs in more than tables, types and
    /// functions, or it changed too often since the last.
    pub fn relock(&mut self, text: &Arc<str>) -> bool {
        let Ok(mut schema) = schema::lock::read(text) else { return false };
        if deprecations::apply(self.settings, &mut schema).is_err() {
            return false;
        }
        let Some(changed) = differing(self.schema, &schema) else { return false };
        let lock = self.opened.lock;
        let path = self.sources().get(lock).path.clone();
        let sources = self.sources().with(lock, Arc::new(SourceFile::new(path, Language::Yaml, Arc::clone(text))));
        let Some((sources, schema)) = self.versions.keep_lock(sources, schema) else { return false };
        self.project.world.sources = sources;
        self.project.world.schema = schema;
        self.schema = schema;
        self.walk_again(&changed);
        self.judge_all();
        true
    }

    /// Walks files again that speak of these tables.
    fn walk_again(&mut self, changed: &FxHashSet<Symbol>) {
        for (file, newer) in &self.edited {
            self.project.replace_apart(*file, newer.clone());
        }
        let mut concerned: Vec<FileId> = self.project.apart.par_iter().filter(|(_, uses)| uses.name_any(changed)).map(|(file, _)| *file).collect();
        // What a script creates, and which tables a document speaks of, hangs on which there are.
        let names = AhoCorasick::builder().ascii_case_insensitive(true).build(changed.iter().map(|n| n.as_str()));
        let mentions = |text: &str| names.as_ref().is_ok_and(|n| n.is_match(text));
        let others = self.sources().iter().filter(|(_, f)| matches!(f.language, Language::Sql | Language::Markdown) && mentions(&f.text));
        concerned.extend(others.map(|(id, _)| id));
        concerned.sort_unstable();
        concerned.dedup();
        concerned.iter().for_each(|file| self.project.forget(*file));
        let walked: Vec<Uses> = concerned.par_iter().map(|file| self.walk(*file)).collect();
        for (file, uses) in concerned.into_iter().zip(walked) {
            if let Some(newer) = self.edited.get_mut(&file) {
                // What its models declare is no part of a walk.
                let declared: Vec<_> = newer.references.iter().filter(|r| r.context == Context::Model).copied().collect();
                newer.clone_from(&uses);
                newer.references.extend(declared);
                newer.dedup();
            }
            self.project.replace_apart(file, uses);
        }
        self.project.join_again();
    }

    /// What a file does with the database, by the newest lock.
    fn walk(&self, file: FileId) -> Uses {
        let facts: &'a _ = self.newer.get(&file).copied().unwrap_or(&self.opened.facts[file.0 as usize]);
        isolate::uses(self.sources(), file, || if facts.module.is_some() { self.project.walk(file) } else { self.uses_of(file, facts) })
    }

    fn judge_all(&mut self) {
        let migrations = self.settings.migration_folders();
        let histories = OnceLock::from(std::mem::take(&mut self.histories));
        let seen = rules::Context { histories, ..rules::Context::new(&self.project, self.schema, Some(self.opened.lock), &migrations) };
        let mut found = rules::run_by_lock(&seen);
        repair::attach(&seen, &mut found);
        self.histories = seen.histories.into_inner().unwrap_or_default();
        let before = self.opened.diagnostics.iter().chain(&self.without_lock);
        found.extend(before.filter(|d| !self.edited.contains_key(&d.location.file)).cloned());
        let edited: BTreeSet<FileId> = self.edited.keys().copied().collect();
        for &file in &edited {
            found.extend(read::syntax_errors(file, self.sources().get(file).language, &self.facts[file.0 as usize]));
        }
        self.diagnostics = self.judge(found, None);
        // How a quick look at a file differs from the whole was found by the old lock.
        self.rests.clear();
        for file in edited {
            let text = Arc::clone(&self.sources().get(file).text);
            self.rests.insert(file, Rest { text, missed: Vec::new(), wrong: Vec::new() });
        }
    }
}

/// Bare names of tables and functions that are not the same in both; `None` where more differs than these.
fn differing(old: &Schema, new: &Schema) -> Option<FxHashSet<Symbol>> {
    if old.search_path != new.search_path || old.incomplete != new.incomplete {
        return None;
    }
    let mut names = FxHashSet::default();
    for change in diff::diff(old, new) {
        names.insert(Symbol::from(&change.object.name));
        // A table's new name.
        names.extend(change.after.iter().map(|after| Symbol::from(after.rsplit('.').next().unwrap_or(after).trim_matches('"'))));
    }
    // Tables with a column of a type that differs.
    let of_type = |ty: &str| names.contains(&Symbol::from(ty.trim_end_matches("[]").rsplit('.').next().unwrap_or(ty).trim_matches('"')));
    let tables = old.relations.iter().chain(&new.relations).filter(|(_, r)| r.columns.iter().any(|c| of_type(&c.ty)));
    let tables: Vec<Symbol> = tables.map(|(name, _)| Symbol::from(&name.name)).collect();
    names.extend(tables);
    Some(names)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::check::{Buffers, Settings, Versions, open};

    /// The lock with one line changed, in each of a few ways, for every so many lines.
    fn changes(text: &str, step: usize) -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        let mut all = Vec::new();
        for (n, line) in lines.iter().enumerate().skip(2).step_by(step) {
            let with = |new: Option<String>| {
                let mut lines: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
                match new {
                    Some(new) => lines[n] = new,
                    None => drop(lines.remove(n)),
                }
                lines.join("\n") + "\n"
            };
            if let Some((name, rest)) = line.split_once(':').filter(|_| line.starts_with("  ")) {
                all.push(with(Some(format!("{name}_x:{rest}"))));
                all.push(with(Some(format!("{name}: integer"))));
                all.push(with(Some(line.replace(" not null", ""))));
                all.push(with(None));
            }
        }
        all
    }

    type Shown = (String, u32, u32, &'static str, String, String);

    fn shown(live: &Live<'_>) -> Vec<Shown> {
        let one = |d: &crate::diagnostic::Diagnostic| {
            let help = format!("{:?} {:?} {:?} {:?}", d.severity, d.help, d.fix, d.related.iter().map(|r| &r.message).collect::<Vec<_>>());
            (live.sources().get(d.location.file).path.to_string(), d.location.span.start, d.location.span.end, d.rule, d.message.clone(), help)
        };
        live.diagnostics.iter().map(one).collect()
    }

    /// What a full link finds; `None` where the lock cannot be read.
    fn found_by_link(settings: &Settings) -> Option<Vec<Shown>> {
        let (opened, versions) = (open(settings).ok()?, Versions::default());
        Some(shown(&Live::new(settings, &opened, &versions)))
    }

    /// Changes the lock of a project in many ways; gives how often it was judged at once, of all, and each time that it was not judged as a full link does.
    fn compare(folder: &Path, step: usize) -> (usize, usize, Vec<String>) {
        let old = Settings::workspace(folder, &Buffers::new()).expect("settings");
        let text = std::fs::read_to_string(&old.lock.path).expect("a lock");
        let before = open(&old).expect("it is linked");
        let (mut answered, mut all, mut wrong) = (0, 0, Vec::new());
        for new in changes(&text, step) {
            let mut settings = old.clone();
            settings.lock.bytes = Some(new.clone().into_bytes());
            let Some(whole) = found_by_link(&settings) else { continue };
            let versions = Versions::default();
            let mut quick = Live::new(&old, &before, &versions);
            all += 1;
            if !quick.relock(&new.as_str().into()) {
                continue;
            }
            answered += 1;
            let quick = shown(&quick);
            if quick != whole {
                let only = |a: &[Shown], b: &[Shown]| a.iter().filter(|x| !b.contains(x)).map(|x| format!("{x:?}")).collect::<Vec<_>>().join("\n  ");
                let line = text.lines().zip(new.lines()).find(|(a, b)| a != b);
                wrong.push(format!("{}: {line:?}\n quick\n  {}\n whole\n  {}", folder.display(), only(&quick, &whole), only(&whole, &quick)));
            }
        }
        (answered, all, wrong)
    }

    #[test]
    fn a_changed_lock_is_judged_at_once_as_by_a_full_link() {
        let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects");
        let (mut answered, mut all, mut wrong) = (0, 0, Vec::new());
        for project in std::fs::read_dir(projects).expect("projects").map(|e| e.expect("an entry").path()) {
            let of_one = compare(&project, 1);
            answered += of_one.0;
            all += of_one.1;
            wrong.extend(of_one.2);
        }
        assert!(wrong.is_empty(), "{} of {answered} differ:\n{}", wrong.len(), wrong.join("\n"));
        assert!(answered * 10 > all * 9 && answered > 500, "{answered} of {all}");
    }

    /// A text that was changed before is judged as it is now, twice in a row too.
    #[test]
    fn a_lock_that_changes_after_a_text_is_judged_with_that_text() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/inventory");
        let old = Settings::workspace(&folder, &Buffers::new()).expect("settings");
        let text = std::fs::read_to_string(&old.lock.path).expect("a lock");
        let before = open(&old).expect("it is linked");
        let edited: Vec<PathBuf> =
            old.files.iter().filter(|f| f.path.ends_with("service.py") || f.path.ends_with(".md")).map(|f| f.absolute.to_path_buf()).collect();
        assert!(edited.len() > 1, "{edited:?}");
        let lower = |path: &PathBuf| format!("\n\n{}", std::fs::read_to_string(path).expect("a text"));
        let buffers: Buffers = edited.iter().map(|p| (p.clone(), lower(p).into())).collect();
        let mut judged = 0;
        for new in changes(&text, 3) {
            let mut settings = Settings::workspace(&folder, &buffers).expect("settings");
            settings.lock.bytes = Some(new.clone().into_bytes());
            let Some(whole) = found_by_link(&settings) else { continue };
            let versions = Versions::default();
            let mut quick = Live::new(&old, &before, &versions);
            for (path, text) in &buffers {
                let file = quick.file(path).expect("it is known");
                quick.edit(file, text).expect("it is judged");
            }
            if quick.relock(&new.as_str().into()) {
                assert_eq!(shown(&quick), whole);
                assert!(quick.relock(&text.as_str().into()) && quick.relock(&new.as_str().into()));
                assert_eq!(shown(&quick), whole, "there and back");
                judged += 1;
            }
        }
        assert!(judged > 20, "{judged}");
    }

    /// The same over any tree: `DBTRUTH_TREE`, every so many lines of the lock (`DBTRUTH_STEP`).
    #[test]
    #[ignore = "for big trees"]
    fn a_changed_lock_of_a_big_tree() {
        let step = std::env::var("DBTRUTH_STEP").ok().and_then(|s| s.parse().ok()).unwrap_or(100);
        let (answered, all, wrong) = compare(&PathBuf::from(std::env::var("DBTRUTH_TREE").expect("DBTRUTH_TREE")), step);
        println!("{answered} of {all} judged at once, {} unlike a full link\n{}", wrong.len(), wrong.join("\n"));
    }
}
