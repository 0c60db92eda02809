//! Models before they know each other: what each declares, with keys and relationships still as written.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::Location;
use crate::symbol::Symbol;

use super::super::eval::Evaluator;
use super::super::index::ClassId;
use super::super::late::Late;
use super::super::uses::RelationName;
use super::super::value::Value;
use super::super::world::World;
use super::declared::{Column, Constraint, ConstraintKind, Declared, ForeignKey, Metadata, Relationship};
use super::{Framework, Member, Model, ModelColumn, Outline};

/// A model and what is still to be linked.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The model so far.
    pub model: Model,
    /// The metadata it belongs to.
    pub metadata: Metadata,
    /// Column number and what it points at.
    pub foreign_keys: Vec<(usize, ForeignKey)>,
    /// Attribute, relationship, and the classes that its annotation names.
    pub relationships: Vec<(Symbol, Relationship<'a>, Related)>,
    /// Names that this class gives others: the class, the name there, whether it stands for several.
    pub reverse: Vec<(ClassId, Symbol, bool)>,
    /// The mapped class it is derived from.
    pub parent: Option<ClassId>,
    /// It shares the parent's table.
    pub single_table: bool,
    /// A `Table` object made at the top level of its file.
    pub at_top: bool,
    /// What says its schema could not be worked out.
    pub any_schema: bool,
    /// Fields of packages that may bring further columns.
    pub of_packages: Vec<Symbol>,
    /// Django: the field that links it to its parent.
    pub parent_link: Option<Symbol>,
}

/// What an annotation says of a relationship.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// Classes it names.
    pub classes: Vec<ClassId>,
    /// A name in quotes.
    pub text: Option<String>,
    /// Whether it is a collection; `None` without an annotation.
    pub many: Option<bool>,
}

impl<'a> Draft<'a> {
    /// A model without columns.
    pub fn new(framework: Framework, name: Symbol, relation: RelationName, relation_at: Location, at: Location) -> Self {
        Draft {
            model: Model {
                class: None,
                variable: None,
                name,
                framework,
                relation,
                relation_at,
                at,
                body: Late::default(),
                outline: Outline::default(),
                open: false,
                reflected: false,
                partial: false,
                call: None,
                root: None,
                foreign: false,
            },
            metadata: Metadata::default(),
            foreign_keys: Vec::new(),
            relationships: Vec::new(),
            reverse: Vec::new(),
            parent: None,
            single_table: false,
            at_top: false,
            any_schema: false,
            of_packages: Vec::new(),
            parent_link: None,
        }
    }

    /// Adds a column under an attribute's name.
    pub fn add(&mut self, attribute: Symbol, attribute_at: Location, column: Column, owner: Option<ClassId>, nullable: Option<bool>) {
        let n = self.model.columns.len();
        let (name, at) = column.name.unwrap_or((attribute, attribute_at));
        let ty = column.ty.unwrap_or_default();
        self.foreign_keys.extend(column.foreign_keys.into_iter().map(|f| (n, f)));
        self.model.open |= column.open && column.name.is_none();
        self.model.columns.push(ModelColumn {
            attribute,
            column: name,
            at,
            declared: column.at,
            owner,
            ty: ty.text,
            type_at: column.type_at,
            enum_labels: ty.labels,
            enum_class: ty.enum_class,
            nullable,
            primary_key: column.primary_key,
            unique: column.unique,
            has_default: column.has_default,
            foreign_keys: Vec::new(),
            unconstrained: column.unconstrained,
        });
        self.model.members.insert(attribute, Member::Column(n));
    }

    /// Applies the constraints of `__table_args__` or `Table(...)`.
    pub fn constrain(&mut self, constraints: &[Constraint]) {
        for c in constraints {
            let numbers: Vec<Option<usize>> = c
                .columns
                .iter()
                .map(|(name, _)| {
                    let columns = &self.model.columns;
                    columns.iter().position(|x| x.column == *name).or_else(|| columns.iter().position(|x| x.attribute == *name))
                })
                .collect();
            match &c.kind {
                ConstraintKind::PrimaryKey => {
                    for n in numbers.into_iter().flatten() {
                        self.model.columns[n].primary_key = true;
                        self.model.columns[n].nullable = Some(false);
                    }
                }
                ConstraintKind::Unique => {
                    // Written with attributes or with columns; a name that is neither is not understood.
                    let names: Option<Vec<Symbol>> = numbers.iter().map(|n| n.map(|n| self.model.columns[n].column)).collect();
                    self.model.unique.extend(names.filter(|n| !n.is_empty()).map(|n| (n, c.at)));
                    if let [Some(n)] = numbers[..] {
                        self.model.columns[n].unique = true;
                    }
                }
                ConstraintKind::ForeignKey(targets) => {
                    self.foreign_keys.extend(numbers.iter().zip(targets).filter_map(|(n, t)| Some(((*n)?, t.clone()))));
                }
            }
        }
    }

    /// Notes a name that is no column, unless it is known already.
    pub fn note(&mut self, name: Symbol, member: Member) {
        self.model.members.entry(name).or_insert(member);
    }
}

/// Whether a bare column may be NULL: as said, else as SQLAlchemy decides.
pub fn nullable(column: &Column) -> Option<bool> {
    match column.nullable {
        Some(said) => said,
        None => Some(!column.primary_key),
    }
}

/// Relationship target by class or by its name.
fn related_class<'a>(ev: &mut Evaluator<'_, 'a>, r: &Relationship<'a>, related: &Related, by_name: &FxHashMap<Symbol, Vec<ClassId>>) -> Option<ClassId> {
    let (world, own) = (ev.world, ev.place.class);
    let named = |text: &str| {
        let name = Symbol::from(text.rsplit('.').next().unwrap_or_default().trim());
        match (by_name.get(&name)?.as_slice(), own) {
            ([one], _) => Some(*one),
            (all, Some(own)) => super::nearest(world, own, all.iter().copied()),
            _ => None,
        }
    };
    match &r.class {
        Value::Class(c) => return Some(*c),
        Value::Lambda(l) => {
            if let Value::Class(c) = ev.call_lambda(l, &[]) {
                return Some(c);
            }
        }
        _ => {}
    }
    if let Some(text) = &r.text {
        return named(text);
    }
    related.classes.first().copied().or_else(|| related.text.as_deref().and_then(named))
}

/// Links drafts: inheritance, foreign keys, types taken from the columns they point at, relationships and their other ends.
pub fn link<'a>(ev: &mut Evaluator<'_, 'a>, drafts: &mut [Draft<'a>]) {
    let by_class: FxHashMap<ClassId, usize> = drafts.iter().enumerate().filter_map(|(n, d)| Some((d.model.class?, n))).collect();
    inherit(drafts, &by_class);
    // Classes before bare tables, the project's own before its tests'.
    let mut tables: Vec<usize> = (0..drafts.len()).filter(|&n| !drafts[n].single_table).collect();
    tables.sort_by_key(|&n| (drafts[n].model.foreign, drafts[n].model.class.is_none(), n));
    let mut by_table: FxHashMap<(Option<Symbol>, Symbol), usize> = FxHashMap::default();
    for n in tables {
        let relation = drafts[n].model.relation;
        by_table.entry((relation.schema, relation.name)).or_insert(n);
    }
    keys::resolve(ev, drafts, &by_class, &by_table);
    let mut by_name: FxHashMap<Symbol, Vec<ClassId>> = FxHashMap::default();
    for d in drafts.iter() {
        if let Some(c) = d.model.class {
            by_name.entry(ev.world.index.class(c).node.name.name).or_default().push(c);
        }
    }
    let mut ends = Vec::new();
    for n in 0..drafts.len() {
        let Some(own) = drafts[n].model.class else { continue };
        let _inside = ev.world.inside(ev.world.index.class(own).file);
        for (attribute, r, related) in drafts[n].relationships.clone() {
            ev.place = super::super::world::Place { file: ev.world.index.class(own).file, class: Some(own), function: None };
            let target = related_class(ev, &r, &related, &by_name);
            let other = target.and_then(|t| by_class.get(&t));
            let many = r.uselist.or(related.many).or_else(|| other.and_then(|&o| collection(&drafts[n].model, &drafts[o].model)));
            drafts[n].model.members.insert(attribute, Member::Relationship { target, many });
            if let (Some(backref), Some(&o)) = (r.backref, other) {
                ends.push((o, backref, Member::Relationship { target: Some(own), many: many.map(|m| !m) }));
            } else if let (Some(backref), Some(t)) = (r.backref, target) {
                // The other side is no model itself (an abstract base): all its children get the name.
                let children = drafts.iter().enumerate().filter(|(_, d)| d.model.class.is_some_and(|c| ev.world.is_subclass(c, t)));
                ends.extend(children.map(|(o, _)| (o, backref, Member::Relationship { target: Some(own), many: None })));
            }
            // Several classes may bear the name (copies in old revisions, one in the tests): each may be the one that gets the other end.
            if let (Some(backref), Some(text)) = (r.backref, r.text.as_deref().or(related.text.as_deref())) {
                let name = Symbol::from(text.rsplit('.').next().unwrap_or_default().trim());
                let alike = by_name.get(&name).filter(|all| all.len() > 1).into_iter().flatten().filter_map(|c| by_class.get(c));
                ends.extend(alike.map(|&o| (o, backref, Member::Relationship { target: Some(own), many: None })));
            }
        }
    }
    for n in 0..drafts.len() {
        let Some(own) = drafts[n].model.class else { continue };
        for (class, name, many) in drafts[n].reverse.clone() {
            let member = Member::Relationship { target: Some(own), many: Some(many) };
            match by_class.get(&class) {
                Some(&o) => ends.push((o, name, member)),
                // An abstract class: all its children get the name.
                None => {
                    let children = drafts.iter().enumerate().filter(|(_, d)| d.model.class.is_some_and(|c| ev.world.is_subclass(c, class)));
                    ends.extend(children.map(|(o, _)| (o, name, member.clone())));
                }
            }
        }
    }
    for (n, name, member) in ends {
        drafts[n].model.members.entry(name).or_insert(member);
    }
    hand_down(drafts, &by_class);
}

/// `true` where the key stands on the other side.
fn collection(own: &Model, other: &Model) -> Option<bool> {
    let points = |a: &Model, b: &Model| {
        a.columns.iter().any(|c| c.foreign_keys.iter().any(|(k, _)| k.rsplit('.').nth(1).is_some_and(|t| t == b.relation.name.as_str())))
    };
    match (points(own, other), points(other, own)) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// Whether an attribute that is a column on some ways through a `declared_attr` only is none: no table of that name has it.
pub fn may_lack(world: &World<'_>, d: &Draft<'_>, column: Symbol, value: &Value<'_>) -> bool {
    let always = value.alternatives().iter().all(|v| Declared::of(v).is_some());
    let table = d.model.relation.name.as_str();
    !always && !world.schema.named(table).any(|(_, r)| r.column(&column).is_some())
}

/// Where the schema of a model is not known, the one schema of the lock that has a table of its name; none where there are several.
pub fn place(world: &World<'_>, drafts: &mut [Draft<'_>]) {
    let default = world.schema.search_path.first().map_or("public", String::as_str);
    for d in drafts.iter_mut().filter(|d| d.any_schema && d.model.relation.schema.is_none()) {
        let name = d.model.relation.name;
        let mut all = world.schema.named(name.as_str()).map(|(q, _)| q);
        match (all.next(), all.next()) {
            (Some(one), None) => d.model.relation.schema = (one.schema != default).then(|| Symbol::from(&one.schema)),
            _ => d.model.foreign = true,
        }
    }
}

/// Tables of a `MetaData` of their own, of which the lock has none while it has others of the project's, are those of another database.
pub fn set_apart(world: &World<'_>, drafts: &mut [Draft<'_>]) {
    let mut by_metadata: FxHashMap<Location, (usize, bool)> = FxHashMap::default();
    let mut any = false;
    for d in drafts.iter().filter(|d| !d.model.foreign) {
        let relation = d.model.relation;
        let known = world.schema.named(relation.name.as_str()).any(|(q, _)| relation.schema.is_none_or(|s| q.schema == s.as_str()));
        any |= known;
        if let Some(made) = d.metadata.made {
            let group = by_metadata.entry(made).or_default();
            *group = (group.0 + 1, group.1 || known);
        }
    }
    for d in drafts.iter_mut().filter(|_| any) {
        let Some(&(tables, known)) = d.metadata.made.and_then(|at| by_metadata.get(&at)) else { continue };
        // One table alone may just be missing.
        d.model.foreign |= tables > 1 && !known;
        // A `MetaData` with several tables at the top level of files describes the database as classes do.
        d.model.partial &= !(d.at_top && tables > 1 && known);
    }
}

/// Children that share their parent's table have its columns, and give it theirs.
fn inherit(drafts: &mut [Draft<'_>], by_class: &FxHashMap<ClassId, usize>) {
    let order = parents_first(drafts, by_class);
    for n in order {
        let Some(&p) = drafts[n].parent.as_ref().and_then(|p| by_class.get(p)) else { continue };
        if !drafts[n].single_table || p == n {
            continue;
        }
        let (parent_columns, parent_keys) = (drafts[p].model.columns.clone(), drafts[p].foreign_keys.clone());
        let (relation, at) = (drafts[p].model.relation, drafts[p].model.relation_at);
        let d = &mut drafts[n];
        (d.model.relation, d.model.relation_at) = (relation, at);
        for (k, c) in parent_columns.into_iter().enumerate() {
            if d.model.members.contains_key(&c.attribute) {
                continue;
            }
            let at = d.model.columns.len();
            d.model.members.insert(c.attribute, Member::Column(at));
            d.model.columns.push(c);
            d.foreign_keys.extend(parent_keys.iter().filter(|(x, _)| *x == k).map(|(_, f)| (at, f.clone())));
        }
    }
}

fn parents_first(drafts: &[Draft<'_>], by_class: &FxHashMap<ClassId, usize>) -> Vec<usize> {
    let (mut order, mut done) = (Vec::new(), FxHashSet::default());
    for n in 0..drafts.len() {
        let mut chain = vec![n];
        while let Some(&p) = drafts[chain[chain.len() - 1]].parent.as_ref().and_then(|p| by_class.get(p)) {
            if chain.contains(&p) {
                break;
            }
            chain.push(p);
        }
        order.extend(chain.into_iter().rev().filter(|x| done.insert(*x)));
    }
    order
}

/// A child with a table of its own has its parent's attributes too.
fn hand_down(drafts: &mut [Draft<'_>], by_class: &FxHashMap<ClassId, usize>) {
    for n in parents_first(drafts, by_class) {
        let Some(parent) = drafts[n].parent else { continue };
        let Some(&p) = by_class.get(&parent) else { continue };
        if p == n {
            continue;
        }
        let from: Vec<_> = drafts[p].model.members.iter().map(|(name, m)| (*name, m.clone())).collect();
        let open = drafts[p].model.open;
        let d = &mut drafts[n];
        d.model.open |= open;
        for (name, member) in from {
            let member = if matches!(member, Member::Column(_)) { Member::Inherited(parent) } else { member };
            d.model.members.entry(name).or_insert(member);
        }
    }
}

use super::keys;
