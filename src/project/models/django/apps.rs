//! Which Django app a model belongs to, and what the settings say.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::{FileId, Location};
use crate::symbol::Symbol;
use crate::syntax::python::{Expr, ExprKind, Stmt, StmtKind};

use super::super::super::eval::Evaluator;
use super::super::super::fold;
use super::super::super::index::{Binding, ClassId, Names};
use super::super::super::value::Value;
use super::super::super::world::{Place, World};

/// One app.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// Its label, the first part of its tables' names.
    pub label: Option<Symbol>,
    /// `default_auto_field`, by the last part of its path.
    pub auto_field: Option<Symbol>,
}

/// The apps of the project, and the settings that decide about models.
#[derive(Clone, Debug, Default)]
pub struct Apps {
    /// Folder → app.
    folders: FxHashMap<String, App>,
    /// Dotted paths of `INSTALLED_APPS`.
    installed: FxHashSet<String>,
    /// `DEFAULT_AUTO_FIELD`, by the last part of its path.
    pub auto_field: Option<Symbol>,
    /// `AUTH_USER_MODEL`, `app.Model`.
    pub user_model: Option<String>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(p, _)| p)
}

/// Whether a class configures an app: by Django's class, or one that a package derives from it and names alike (`PluginAppConfig`).
pub fn is_configuration(world: &World<'_>, class: ClassId) -> bool {
    world.lineage(class).is_some_and(|l| l.outside.iter().any(|v| v.external().is_some_and(|p| p.ends_with("AppConfig"))))
}

/// The folder of an app whose configuration stands in that file: the one that its name says, if that is above, else the file's own.
fn folder_of(world: &World<'_>, file: FileId, name: Option<&str>) -> String {
    let path = world.index.table.path(file);
    let own = if world.index.table.is_package(file) { path } else { parent(path) };
    let named = |folder: &&str| {
        let dotted = folder.replace('/', ".");
        name.is_some_and(|n| dotted == n || dotted.strip_suffix(n).is_some_and(|rest| rest.ends_with('.')))
    };
    std::iter::successors(Some(own), |f| Some(parent(f)).filter(|f| !f.is_empty())).find(named).unwrap_or(own).to_owned()
}

impl Apps {
    /// Reads app configurations and settings.
    pub fn find(ev: &mut Evaluator<'_, '_>) -> Self {
        let world = ev.world;
        let mut apps = Apps::default();
        for id in world.index.class_ids() {
            if !is_configuration(world, id) {
                continue;
            }
            let mut text = |name: &str| ev.plain_attribute(&Value::Class(id), Symbol::from(name)).constant().map(std::borrow::Cow::into_owned);
            let (name, label, auto) = (text("name"), text("label"), text("default_auto_field"));
            // A configuration without a name is one to derive from.
            if name.is_none() && label.is_none() {
                continue;
            }
            let label = label.or_else(|| name.as_deref().map(|n| n.rsplit('.').next().unwrap_or(n).to_owned()));
            let folder = folder_of(world, world.index.class(id).file, name.as_deref());
            let app = App { label: label.map(|l| Symbol::from(&l)), auto_field: auto.map(|a| Symbol::from(super::super::types::last(&a))) };
            apps.folders.entry(folder).or_insert(app);
        }
        for &file in &world.index.order {
            apps.settings(world, file);
        }
        apps
    }

    /// What a file's own names say, and those of its classes: django-configurations has settings as classes that derive from each other.
    fn settings(&mut self, world: &World<'_>, file: FileId) {
        let Some(module) = world.index.module_of(file) else { return };
        self.read(world, Place::module(file), &module.names, &module.node.body);
        for &class in module.names.values().flatten().filter_map(|b| if let Binding::Class(c) = b { Some(c) } else { None }) {
            let def = world.index.class(class);
            self.read(world, Place { file, class: Some(class), function: None }, &def.names, &def.node.body);
        }
    }

    fn read<'a>(&mut self, world: &World<'a>, place: Place, names: &Names<'a>, body: &'a [Stmt]) {
        if let Some(bindings) = names.get(&Symbol::from("INSTALLED_APPS")) {
            // Every list that is assigned or added counts: which of several settings files is used is not known.
            let assigned = bindings.iter().filter_map(|b| if let Binding::Value { value, .. } = b { Some(*value) } else { None });
            for list in assigned.chain(added(body, "INSTALLED_APPS")) {
                let v = Evaluator::quiet(world, place).eval(list);
                let items = match &v {
                    // What is spread into a list may be unknown, and the others are in it all the same.
                    Value::List(l) => l.items.clone(),
                    v => fold::items(v, Location::new(place.file, list.span)).unwrap_or_default(),
                };
                self.installed.extend(items.iter().filter_map(|i| i.constant().map(std::borrow::Cow::into_owned)));
            }
        }
        let text = |name: &str| match names.get(&Symbol::from(name))?.first()? {
            Binding::Value { .. } if place.class.is_none() => world.global(place.file, Symbol::from(name)).constant().map(std::borrow::Cow::into_owned),
            Binding::Value { value, .. } => Evaluator::quiet(world, place).eval(value).constant().map(std::borrow::Cow::into_owned),
            _ => None,
        };
        if let Some(path) = text("DEFAULT_AUTO_FIELD") {
            self.auto_field.get_or_insert(Symbol::from(super::super::types::last(&path)));
        }
        if let Some(model) = text("AUTH_USER_MODEL") {
            self.user_model.get_or_insert(model);
        }
    }

    /// Whether the settings may install the app with that label, to which a file belongs; unknown settings may install any.
    pub fn may_be_installed(&self, world: &World<'_>, file: FileId, label: &str) -> bool {
        let by_entry = |entry: &str| {
            // `shop`, `shop.apps.ShopConfig`
            let configured = entry.split('.').rev().nth(2).is_some_and(|app| app.eq_ignore_ascii_case(label));
            configured || entry.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(label))
        };
        let configured = || self.folders.values().filter_map(|app| app.label).any(|l| l.as_str().eq_ignore_ascii_case(label));
        let folders = || {
            // `Meta.app_label` may name another app than the one whose file it is in.
            if self.of_file(world, file).label.is_some_and(|own| !own.as_str().eq_ignore_ascii_case(label)) {
                return false;
            }
            let path = world.index.table.path(file);
            let mut above = std::iter::successors(Some(path), |p| (!p.is_empty()).then(|| parent(p)));
            above.any(|folder| {
                let package = |entry: &String| is_package(folder, entry.split_once(".apps.").map_or(entry.as_str(), |(package, _)| package));
                self.folders.contains_key(folder) || self.installed.iter().any(package)
            })
        };
        self.installed.is_empty() || self.installed.iter().any(|e| by_entry(e)) || configured() || folders()
    }

    /// Whether a file is its app's `models`, or belongs to that package.
    pub fn is_models_of_app(&self, world: &World<'_>, file: FileId) -> bool {
        let path = world.index.table.path(file);
        path.strip_prefix(self.nearest(world, file).0).is_some_and(|inside| inside.trim_start_matches('/').split('/').next() == Some("models"))
    }

    /// The app of a file: the nearest folder above it that is one.
    pub fn of_file(&self, world: &World<'_>, file: FileId) -> App {
        self.nearest(world, file).1
    }

    fn nearest<'w>(&self, world: &'w World<'_>, file: FileId) -> (&'w str, App) {
        let path = world.index.table.path(file);
        let mut folder = if world.index.table.is_package(file) { path } else { parent(path) };
        let nearest = folder;
        while !folder.is_empty() {
            if let Some(app) = self.folders.get(folder) {
                return (folder, App { label: app.label.or_else(|| Some(last_part(folder))), auto_field: app.auto_field });
            }
            if self.installed.iter().any(|entry| is_package(folder, entry)) {
                return (folder, App { label: Some(last_part(folder)), auto_field: None });
            }
            folder = parent(folder);
        }
        // `app/models.py` and `app/models/order.py` belong to `app`.
        let folder = if last_part(nearest).as_str() == "models" { parent(nearest) } else { nearest };
        (folder, App { label: (!folder.is_empty()).then(|| last_part(folder)), auto_field: None })
    }
}

/// Whether a folder is the package of that dotted path, from whatever root it is imported.
fn is_package(folder: &str, dotted: &str) -> bool {
    let path = folder.replace('/', ".");
    !path.is_empty() && (path == dotted || path.strip_suffix(dotted).is_some_and(|rest| rest.ends_with('.')))
}

/// What `NAME += value` adds in a file's own statements, under conditions too.
fn added<'a>(body: &'a [Stmt], name: &str) -> Vec<&'a Expr> {
    let (mut found, mut open) = (Vec::new(), vec![body]);
    while let Some(body) = open.pop() {
        for s in body {
            match &s.kind {
                StmtKind::AugAssign(a) if matches!(&a.0.kind, ExprKind::Name(n) if n.as_str() == name) => found.push(&a.2),
                StmtKind::If(_) | StmtKind::Try(_) | StmtKind::With(_) => open.extend(s.bodies().into_iter().map(|b| &b[..])),
                _ => {}
            }
        }
    }
    found
}

fn last_part(folder: &str) -> Symbol {
    Symbol::from(folder.rsplit('/').next().unwrap_or_default())
}
