//! What a project of a repository reads besides itself: the files of others that it imports, and what these import.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Settings;
use super::super::read::{self, Parsed};
use super::folders::Folders;
use super::made::Made;
use crate::discover::{below, display_path};
use crate::project::modules::{ModuleRef, ModuleTable, first_part, is_library};
use crate::source::{FILES_AT_ONCE, FileId, Language, SourceFile, Sources};
use crate::symbol::Symbol;
use crate::syntax::python;

/// So many files of others are read: those that a project is nearest to by imports. A library that projects share is read wholly; another application of the repository only
/// where it is touched.
const GUESTS: usize = 200;

/// Where imports lead.
pub(super) struct Reach<'s> {
    settings: &'s Settings,
    folders: &'s Folders,
    /// All Python modules, made when first asked for.
    modules: OnceLock<Modules>,
    /// By project, as far as they were asked for.
    across: Vec<OnceLock<Across>>,
    /// Files that are read already, by their numbers among the settings' files.
    pub parsed: FxHashMap<usize, Parsed>,
    /// What the files create that were read for it.
    pub made: Made,
}

/// What the files of a project import.
#[derive(Default)]
struct Imports {
    /// Modules, each with the first file that imports it, by number.
    absolute: FxHashMap<String, usize>,
    /// Files, and what they import from above their project: dots and module.
    relative: FxHashSet<(usize, u32, String)>,
}

impl Imports {
    fn absolute(&mut self, module: &str, n: usize) {
        match self.absolute.get_mut(module) {
            Some(first) => *first = n.min(*first),
            None => drop(self.absolute.insert(module.to_owned(), n)),
        }
    }
}

impl Across {
    /// Adds where an import of a project leads, if that is out of it.
    fn add(&mut self, member: u32, folders: &Folders, modules: &Modules, found: ModuleRef) {
        match found {
            ModuleRef::File(file) => {
                let file = modules.files[file.0 as usize];
                if let Some(other) = folders.of_file[file].filter(|m| *m != member) {
                    self.members.insert(other);
                    self.files.insert(file);
                }
            }
            ModuleRef::Namespace(folder) => self.members.extend(modules.below(&folder).filter(|m| *m != member)),
            ModuleRef::External => {}
        }
    }
}

/// How many folders a file lies deep in another, itself counted.
pub(super) fn depth(absolute: &Path, folder: &Path) -> usize {
    below(absolute, folder).map_or_else(|| absolute.strip_prefix(folder).map_or(0, |rest| rest.components().count()), |rest| rest.matches('/').count() + 1)
}

/// What a project imports from others.
#[derive(Debug, Default)]
struct Across {
    members: BTreeSet<u32>,
    /// Their files, among the settings' files.
    files: BTreeSet<usize>,
    /// The first parts of everything that it imports.
    names: BTreeSet<Symbol>,
}

/// A project, and what it reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// The folders it consists of, by number: those that import each other are one project.
    pub own: BTreeSet<u32>,
    /// Files of others, among the settings' files.
    pub guests: BTreeSet<usize>,
    /// The first parts of everything that is imported in it.
    pub names: BTreeSet<Symbol>,
}

struct Modules {
    table: ModuleTable,
    /// Of each of the table's files, which of the settings' files it is.
    files: Vec<usize>,
    /// The other way.
    numbers: FxHashMap<usize, u32>,
    /// The folders of the projects as the table names paths, with a `/` behind.
    shown: Vec<String>,
}

impl<'s> Reach<'s> {
    pub fn new(settings: &'s Settings, folders: &'s Folders) -> Self {
        let across = folders.all.iter().map(|_| OnceLock::new()).collect();
        Self { settings, folders, modules: OnceLock::new(), across, parsed: FxHashMap::default(), made: Made::default() }
    }

    /// What a project reads.
    pub fn of(&self, member: u32) -> Reached {
        let own = self.own(member);
        let names = own.iter().flat_map(|m| self.across(*m).names.iter().copied()).collect();
        let guests = self.guests(&own);
        Reached { own, guests, names }
    }

    /// The folders that a project consists of, among them the given one.
    pub fn own(&self, member: u32) -> BTreeSet<u32> {
        let below = |from: u32| {
            let (mut all, mut todo) = (BTreeSet::from([from]), vec![from]);
            while let Some(one) = todo.pop() {
                todo.extend(self.across(one).members.iter().copied().filter(|m| all.insert(*m)));
            }
            all
        };
        below(member).into_iter().filter(|m| *m == member || below(*m).contains(&member)).collect()
    }

    /// Files of others, the nearest first until there are too many.
    fn guests(&self, own: &BTreeSet<u32>) -> BTreeSet<usize> {
        let is_own = |n: usize| self.folders.of_file[n].is_some_and(|m| own.contains(&m));
        let mut near: BTreeSet<usize> = own.iter().flat_map(|m| &self.across(*m).files).copied().filter(|n| !is_own(*n)).collect();
        if near.is_empty() {
            return near;
        }
        let mut all = BTreeSet::new();
        while !near.is_empty() && all.len() < GUESTS {
            let left = GUESTS - all.len();
            all.extend(near.iter().copied().take(left));
            let files: Vec<usize> = near.into_iter().collect();
            let next: Vec<Vec<usize>> = files.par_iter().map(|n| self.imported_by(*n)).collect();
            near = next.into_iter().flatten().filter(|n| !is_own(*n) && !all.contains(n)).collect();
        }
        all
    }

    fn modules(&self) -> &Modules {
        self.modules.get_or_init(|| Modules::new(self.settings, self.folders))
    }

    /// The files that one of the settings' files imports.
    fn imported_by(&self, n: usize) -> Vec<usize> {
        let modules = self.modules();
        let mut found = Vec::new();
        self.with_text(n, |text| {
            let seen: BTreeSet<(u32, &str)> = python::imports(text).map(|i| (i.level, i.module)).collect();
            // A copy of a library is that library.
            let is_code = |(level, module): &(u32, &str)| *level > 0 || !is_library(module);
            found.extend(seen.into_iter().filter(is_code).filter_map(|(level, module)| modules.file(n, level, module)));
        });
        found
    }

    fn with_text(&self, n: usize, look: impl FnOnce(&str)) {
        if let Some((source, _)) = self.parsed.get(&n) {
            return look(&source.text);
        }
        // What cannot be read is said when it is linked.
        let _ = read::with_text(&self.settings.files[n], look);
    }

    /// What a project imports from others, found by looking at its texts.
    fn across(&self, member: u32) -> &Across {
        self.across[member as usize].get_or_init(|| {
            let modules = self.modules();
            let files: Vec<usize> = modules.files.iter().copied().filter(|n| self.folders.of_file[*n] == Some(member)).collect();
            // One after the other a thread's files stand in their order, but of several threads who was first is not said: the first by number counts.
            let merge = |mut all: Imports, more: Imports| {
                more.absolute.into_iter().for_each(|(module, n)| all.absolute(&module, n));
                all.relative.extend(more.relative);
                all
            };
            let one = |mut all: Imports, n: &usize| {
                self.look_at(*n, member, &mut all);
                all
            };
            let found = files.par_iter().with_max_len(FILES_AT_ONCE).fold(Imports::default, one).reduce(Imports::default, merge);
            self.resolved(member, found)
        })
    }

    /// Adds what a file imports that could be another project's, with the number of the file.
    fn look_at(&self, n: usize, member: u32, all: &mut Imports) {
        let folder = self.folders.place(&self.settings.root, member);
        let deep = depth(&self.settings.files[n].absolute, &folder);
        self.with_text(n, |text| {
            self.made.note(n, Language::Python, text);
            for import in python::imports(text) {
                if import.level == 0 {
                    all.absolute(import.module, n);
                } else if import.level as usize > deep {
                    all.relative.insert((n, import.level, import.module.to_owned()));
                }
            }
        });
    }

    fn resolved(&self, member: u32, found: Imports) -> Across {
        let modules = self.modules();
        let mut across = Across::default();
        let mut beginnings: BTreeMap<&str, usize> = BTreeMap::new();
        for (module, n) in &found.absolute {
            beginnings.entry(first_part(module)).and_modify(|first| *first = *n.min(first)).or_insert(*n);
        }
        across.names.extend(beginnings.keys().map(|name| Symbol::from(*name)));
        // A copy of a library is that library.
        beginnings.retain(|name, _| !is_library(name));
        let longer = found.absolute.iter().filter(|(module, _)| module.contains('.') && !is_library(module)).map(|(module, n)| (module.as_str(), *n));
        for (module, n) in beginnings.into_iter().chain(longer) {
            across.add(member, self.folders, modules, modules.resolve(n, 0, module));
        }
        for (n, level, module) in &found.relative {
            across.add(member, self.folders, modules, modules.resolve(*n, *level, module));
        }
        across
    }
}

impl Modules {
    fn new(settings: &Settings, folders: &Folders) -> Self {
        let files: Vec<usize> = (0..settings.files.len()).filter(|n| settings.files[*n].language == Language::Python).collect();
        let mut sources = Sources::default();
        sources.reserve(files.len());
        for n in &files {
            sources.add(SourceFile::new(settings.files[*n].path.clone(), Language::Python, ""));
        }
        let table = ModuleTable::build(&sources, (0..u32::try_from(files.len()).unwrap_or(u32::MAX)).map(FileId));
        let numbers = files.iter().copied().zip(0..).collect();
        let members = 0..u32::try_from(folders.all.len()).unwrap_or(u32::MAX);
        let shown = members.map(|n| display_path(&folders.place(&settings.root, n), &settings.cwd) + "/").collect();
        Self { table, files, numbers, shown }
    }

    fn resolve(&self, from: usize, level: u32, module: &str) -> ModuleRef {
        self.numbers.get(&from).map_or(ModuleRef::External, |n| self.table.resolve(FileId(*n), level, module))
    }

    fn file(&self, from: usize, level: u32, module: &str) -> Option<usize> {
        match self.resolve(from, level, module) {
            ModuleRef::File(file) => self.files.get(file.0 as usize).copied(),
            ModuleRef::Namespace(_) | ModuleRef::External => None,
        }
    }

    /// The projects that share something with a folder without a module of its own.
    fn below(&self, folder: &str) -> impl Iterator<Item = u32> {
        let folder = format!("{folder}/");
        let own = self.shown.iter().position(|own| folder.starts_with(own.as_str()));
        let numbers = (0..).zip(&self.shown);
        numbers.filter(move |(n, shown)| own.map_or(shown.starts_with(&folder), |own| own == *n as usize)).map(|(n, _)| n)
    }
}
