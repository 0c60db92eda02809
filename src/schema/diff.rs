//! What changed between two schemas: each change on its own, those that break code first.

use std::collections::BTreeMap;
use std::fmt;

use super::{Column, Function, QualifiedName, Relation, RelationKind, Schema};

/// What a change does to code that was written for the old schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Statements that were right fail.
    Breaking,
    /// Some may fail, depending on the data or on what they do.
    Risky,
    /// None fails.
    Safe,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Kind {
    TableDropped,
    TableRenamed,
    ColumnDropped,
    ColumnRenamed,
    ColumnRetyped,
    ColumnRequired,
    ColumnNotNull,
    ColumnNullable,
    ColumnGenerated,
    ColumnIdentity,
    DefaultChanged,
    TableKindChanged,
    PrimaryKeyChanged,
    UniqueDropped,
    UniqueAdded,
    ForeignKeyDropped,
    ForeignKeyAdded,
    CheckDropped,
    CheckAdded,
    IndexDropped,
    IndexAdded,
    TypeDropped,
    TypeAdded,
    TypeChanged,
    LabelDropped,
    LabelAdded,
    FunctionDropped,
    FunctionAdded,
    FunctionChanged,
    SequenceDropped,
    SequenceAdded,
    CommentChanged,
    ColumnAdded,
    TableAdded,
}

impl Kind {
    /// The name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Kind::TableDropped => "table-dropped",
            Kind::TableRenamed => "table-renamed",
            Kind::ColumnDropped => "column-dropped",
            Kind::ColumnRenamed => "column-renamed",
            Kind::ColumnRetyped => "column-retyped",
            Kind::ColumnRequired => "column-required",
            Kind::ColumnNotNull => "column-not-null",
            Kind::ColumnNullable => "column-nullable",
            Kind::ColumnGenerated => "column-generated",
            Kind::ColumnIdentity => "column-identity",
            Kind::DefaultChanged => "default-changed",
            Kind::TableKindChanged => "table-kind-changed",
            Kind::PrimaryKeyChanged => "primary-key-changed",
            Kind::UniqueDropped => "unique-dropped",
            Kind::UniqueAdded => "unique-added",
            Kind::ForeignKeyDropped => "foreign-key-dropped",
            Kind::ForeignKeyAdded => "foreign-key-added",
            Kind::CheckDropped => "check-dropped",
            Kind::CheckAdded => "check-added",
            Kind::IndexDropped => "index-dropped",
            Kind::IndexAdded => "index-added",
            Kind::TypeDropped => "type-dropped",
            Kind::TypeAdded => "type-added",
            Kind::TypeChanged => "type-changed",
            Kind::LabelDropped => "label-dropped",
            Kind::LabelAdded => "label-added",
            Kind::FunctionDropped => "function-dropped",
            Kind::FunctionAdded => "function-added",
            Kind::FunctionChanged => "function-changed",
            Kind::SequenceDropped => "sequence-dropped",
            Kind::SequenceAdded => "sequence-added",
            Kind::CommentChanged => "comment-changed",
            Kind::ColumnAdded => "column-added",
            Kind::TableAdded => "table-added",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it does to code.
    pub impact: Impact,
    /// The relation, type, function or sequence.
    pub object: QualifiedName,
    /// The column, label, constraint or index, where it is one.
    pub part: Option<String>,
    /// What kind of change.
    pub kind: Kind,
    /// How it was.
    pub before: Option<String>,
    /// How it is; for a probable rename the new name.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.kind.name().replace('-', " ");
        write!(f, "{what}: `{}", self.object)?;
        if let Some(part) = &self.part {
            write!(f, ".{part}")?;
        }
        f.write_str("`")?;
        let probably = if matches!(self.kind, Kind::TableRenamed | Kind::ColumnRenamed) { "probably to " } else { "" };
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if probably.is_empty() => write!(f, " `{before}` → `{after}`"),
            (None, None) => Ok(()),
            (_, Some(after)) => write!(f, " {probably}`{after}`"),
            (Some(before), None) => write!(f, " `{before}`"),
        }
    }
}

/// Everything that differs, breaking changes first, then by name.
pub fn diff(old: &Schema, new: &Schema) -> Vec<Change> {
    let mut differ = Differ::default();
    differ.relations(old, new);
    differ.types(old, new);
    differ.functions(old, new);
    for name in old.sequences.difference(&new.sequences) {
        differ.push(Impact::Breaking, Kind::SequenceDropped, name, None, None, None);
    }
    for name in new.sequences.difference(&old.sequences) {
        differ.push(Impact::Safe, Kind::SequenceAdded, name, None, None, None);
    }
    differ.changes.sort();
    differ.changes
}

#[derive(Default)]
struct Differ {
    changes: Vec<Change>,
}

/// As many columns in common as make two tables one that was renamed.
const SAME_TABLE: f64 = 0.8;
/// As like as two names must be where more than one column could be meant.
const SAME_NAME: f64 = 0.5;

impl Differ {
    fn push(&mut self, impact: Impact, kind: Kind, object: &QualifiedName, part: Option<&str>, before: Option<String>, after: Option<String>) {
        self.changes.push(Change { impact, object: object.clone(), part: part.map(str::to_owned), kind, before, after });
    }

    fn relations(&mut self, old: &Schema, new: &Schema) {
        let mut added: Vec<_> = new.relations.iter().filter(|(name, _)| !old.relations.contains_key(name)).collect();
        for (name, before) in &old.relations {
            if let Some(after) = new.relations.get(name) {
                self.relation(name, before, after);
                continue;
            }
            let best = added.iter().enumerate().map(|(n, (_, r))| (likeness(before, r), n)).filter(|(likeness, _)| *likeness >= SAME_TABLE);
            match best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) {
                Some((_, n)) => {
                    let (to, after) = added.remove(n);
                    self.push(Impact::Breaking, Kind::TableRenamed, name, None, None, Some(to.to_string()));
                    self.relation(to, before, after);
                }
                None => self.push(Impact::Breaking, Kind::TableDropped, name, None, None, None),
            }
        }
        for (name, _) in added {
            self.push(Impact::Safe, Kind::TableAdded, name, None, None, None);
        }
    }

    fn relation(&mut self, name: &QualifiedName, old: &Relation, new: &Relation) {
        self.columns(name, old, new);
        if old.kind != new.kind {
            self.push(Impact::Risky, Kind::TableKindChanged, name, None, Some(kind_text(old).to_owned()), Some(kind_text(new).to_owned()));
        }
        if old.comment != new.comment {
            self.push(Impact::Safe, Kind::CommentChanged, name, None, old.comment.clone(), new.comment.clone());
        }
        if old.primary_key != new.primary_key {
            let text = |key: &[String]| Some(key.join(", ")).filter(|k| !k.is_empty());
            self.push(Impact::Risky, Kind::PrimaryKeyChanged, name, None, text(&old.primary_key), text(&new.primary_key));
        }
        let uniques = |r: &Relation| r.unique.iter().map(|u| (u.name.clone(), u.columns.join(", "))).collect::<BTreeMap<_, _>>();
        // ON CONFLICT needs the constraint; new data may break a new one.
        self.parts(name, &uniques(old), &uniques(new), (Kind::UniqueDropped, Impact::Risky), (Kind::UniqueAdded, Impact::Risky));
        let keys = |r: &Relation| r.foreign_keys.iter().map(|k| (k.name.clone(), super::lock::line::foreign_key(k))).collect::<BTreeMap<_, _>>();
        self.parts(name, &keys(old), &keys(new), (Kind::ForeignKeyDropped, Impact::Risky), (Kind::ForeignKeyAdded, Impact::Risky));
        let checks = |r: &Relation| r.checks.iter().chain(&r.exclusions).map(|(k, v)| (k.clone(), v.clone())).collect::<BTreeMap<_, _>>();
        self.parts(name, &checks(old), &checks(new), (Kind::CheckDropped, Impact::Safe), (Kind::CheckAdded, Impact::Risky));
        for unique in [true, false] {
            let indexes =
                |r: &Relation| r.indexes.iter().filter(|i| i.unique == unique).map(|i| (i.name.clone(), i.definition.clone())).collect::<BTreeMap<_, _>>();
            let impact = if unique { Impact::Risky } else { Impact::Safe };
            self.parts(name, &indexes(old), &indexes(new), (Kind::IndexDropped, impact), (Kind::IndexAdded, impact));
        }
    }

    /// Named parts: gone, new, or both where the text changed.
    fn parts(&mut self, name: &QualifiedName, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>, dropped: (Kind, Impact), added: (Kind, Impact)) {
        for (part, text) in old.iter().filter(|(part, text)| new.get(*part) != Some(text)) {
            self.push(dropped.1, dropped.0, name, Some(part), Some(text.clone()), None);
        }
        for (part, text) in new.iter().filter(|(part, text)| old.get(*part) != Some(text)) {
            self.push(added.1, added.0, name, Some(part), None, Some(text.clone()));
        }
    }

    fn columns(&mut self, name: &QualifiedName, old: &Relation, new: &Relation) {
        let mut added: Vec<&Column> = new.columns.iter().filter(|c| old.column(&c.name).is_none()).collect();
        let dropped: Vec<&Column> = old.columns.iter().filter(|c| new.column(&c.name).is_none()).collect();
        for before in &dropped {
            match renamed(before, &dropped, &added) {
                Some(n) => {
                    let after = added.remove(n);
                    self.push(Impact::Breaking, Kind::ColumnRenamed, name, Some(&before.name), None, Some(after.name.clone()));
                }
                None => self.push(Impact::Breaking, Kind::ColumnDropped, name, Some(&before.name), Some(before.ty.clone()), None),
            }
        }
        for column in added {
            let (kind, impact) =
                if column.is_required() && !new.is_view() { (Kind::ColumnRequired, Impact::Breaking) } else { (Kind::ColumnAdded, Impact::Safe) };
            self.push(impact, kind, name, Some(&column.name), None, Some(super::lock::line::column(column)));
        }
        for before in &old.columns {
            if let Some(after) = new.column(&before.name) {
                self.column(name, before, after, new.is_view());
            }
        }
    }

    fn column(&mut self, name: &QualifiedName, old: &Column, new: &Column, view: bool) {
        let part = Some(new.name.as_str());
        if old.ty != new.ty {
            let impact = if widens(&old.ty, &new.ty) { Impact::Safe } else { Impact::Breaking };
            self.push(impact, Kind::ColumnRetyped, name, part, Some(old.ty.clone()), Some(new.ty.clone()));
        }
        match (old.not_null, new.not_null) {
            // Nothing is written there.
            (false, true) if view => self.push(Impact::Safe, Kind::ColumnNotNull, name, part, None, None),
            (false, true) => self.push(if new.is_required() { Impact::Breaking } else { Impact::Risky }, Kind::ColumnNotNull, name, part, None, None),
            // Code that reads may meet NULL for the first time.
            (true, false) => self.push(Impact::Risky, Kind::ColumnNullable, name, part, None, None),
            _ => {}
        }
        if old.generated != new.generated {
            let text = |c: &Column| c.generated.as_ref().map(|g| g.expression.clone());
            let impact = if new.generated.is_some() { Impact::Breaking } else { Impact::Risky };
            self.push(impact, Kind::ColumnGenerated, name, part, text(old), text(new));
        }
        if old.identity != new.identity {
            let text = |c: &Column| c.identity.map(|i| format!("{i:?}").to_lowercase());
            let impact = if new.identity == Some(super::Identity::Always) { Impact::Breaking } else { Impact::Risky };
            self.push(impact, Kind::ColumnIdentity, name, part, text(old), text(new));
        }
        if old.default != new.default {
            let impact = if !old.is_required() && new.is_required() && old.not_null { Impact::Breaking } else { Impact::Safe };
            self.push(impact, Kind::DefaultChanged, name, part, old.default.clone(), new.default.clone());
        }
        if old.comment != new.comment {
            self.push(Impact::Safe, Kind::CommentChanged, name, part, old.comment.clone(), new.comment.clone());
        }
    }

    fn types(&mut self, old: &Schema, new: &Schema) {
        for (name, before) in &old.enums {
            let Some(after) = new.enums.get(name) else { continue };
            for label in before.iter().filter(|l| !after.contains(l)) {
                self.push(Impact::Breaking, Kind::LabelDropped, name, Some(label), None, None);
            }
            for label in after.iter().filter(|l| !before.contains(l)) {
                self.push(Impact::Safe, Kind::LabelAdded, name, Some(label), None, None);
            }
        }
        let (before, after) = (type_texts(old), type_texts(new));
        for (name, text) in &before {
            match after.get(name) {
                None => self.push(Impact::Breaking, Kind::TypeDropped, name, None, None, None),
                Some(now) if now != text => self.push(Impact::Risky, Kind::TypeChanged, name, None, Some(text.clone()), Some(now.clone())),
                Some(_) => {}
            }
        }
        for name in after.keys().filter(|n| !before.contains_key(*n)) {
            self.push(Impact::Safe, Kind::TypeAdded, name, None, None, None);
        }
    }

    fn functions(&mut self, old: &Schema, new: &Schema) {
        let texts = |schema: &Schema, name: &QualifiedName| -> BTreeMap<String, String> {
            let overloads: &[Function] = schema.functions.get(name).map_or(&[], Vec::as_slice);
            overloads.iter().map(|f| super::lock::line::function(name, f)).collect()
        };
        let names: std::collections::BTreeSet<_> = old.functions.keys().chain(new.functions.keys()).collect();
        for name in names {
            let (before, after) = (texts(old, name), texts(new, name));
            for (signature, returns) in &before {
                match after.get(signature) {
                    None => self.push(Impact::Breaking, Kind::FunctionDropped, name, None, Some(signature.clone()), None),
                    Some(now) if now != returns => self.push(Impact::Risky, Kind::FunctionChanged, name, None, Some(returns.clone()), Some(now.clone())),
                    Some(_) => {}
                }
            }
            for signature in after.keys().filter(|s| !before.contains_key(*s)) {
                self.push(Impact::Safe, Kind::FunctionAdded, name, None, None, Some(signature.clone()));
            }
        }
    }
}

/// The text of every type; enums are compared label by label, so only their being there counts.
fn type_texts(schema: &Schema) -> BTreeMap<QualifiedName, String> {
    let enums = schema.enums.keys().map(|name| (name.clone(), "enum".to_owned()));
    let domains = schema.domains.iter().map(|(name, d)| (name.clone(), super::lock::line::domain(d)));
    let composites =
        schema.composites.iter().map(|(name, columns)| (name.clone(), columns.iter().map(|(c, t)| format!("{c} {t}")).collect::<Vec<_>>().join(", ")));
    let ranges = schema.ranges.iter().map(|(name, subtype)| (name.clone(), format!("range of {subtype}")));
    enums.chain(domains).chain(composites).chain(ranges).collect()
}

fn kind_text(relation: &Relation) -> &'static str {
    match relation.kind {
        RelationKind::Table => "table",
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialised view",
        RelationKind::ForeignTable => "foreign table",
    }
}

/// The share of columns (name and type) that two tables have in common.
fn likeness(a: &Relation, b: &Relation) -> f64 {
    let same = a.columns.iter().filter(|c| b.column(&c.name).is_some_and(|d| d.ty == c.ty)).count();
    let all = a.columns.len() + b.columns.len() - same;
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if all == 0 { 0.0 } else { count(same) / count(all) }
}

/// Which of the added columns the dropped one probably became: the same type, and the only candidate on both sides or one of a similar name.
fn renamed(column: &Column, dropped: &[&Column], added: &[&Column]) -> Option<usize> {
    let alike = |a: &Column, b: &Column| a.ty == b.ty && a.not_null == b.not_null && a.identity == b.identity;
    let candidates: Vec<usize> = (0..added.len()).filter(|n| alike(column, added[*n])).collect();
    let rivals = dropped.iter().filter(|d| alike(d, column)).count();
    if let ([only], 1) = (candidates.as_slice(), rivals) {
        return Some(*only);
    }
    let score = |n: &usize| strsim::normalized_damerau_levenshtein(&column.name, &added[*n].name);
    candidates.into_iter().filter(|n| score(n) >= SAME_NAME).max_by(|a, b| score(a).total_cmp(&score(b)).then(b.cmp(a)))
}

/// Whether every value and every statement of the old type works with the new one: longer text, wider numbers.
fn widens(old: &str, new: &str) -> bool {
    let (Some(old), Some(new)) = (super::types::parse(old), super::types::parse(new)) else { return false };
    if old.array != new.array {
        return false;
    }
    let length = |ty: &super::types::TypeRef| ty.modifiers.first().and_then(|m| m.parse::<u32>().ok());
    match (old.name.as_str(), new.name.as_str()) {
        ("varchar" | "char", "text") | ("smallint", "integer" | "bigint") | ("integer", "bigint") | ("real", "double precision") => true,
        ("varchar", "varchar") => length(&new).is_none_or(|n| length(&old).is_some_and(|o| o <= n)),
        ("numeric", "numeric") => {
            let parts = |ty: &super::types::TypeRef| ty.modifiers.iter().filter_map(|m| m.parse::<i64>().ok()).collect::<Vec<_>>();
            match (parts(&old).as_slice(), parts(&new).as_slice()) {
                (_, []) => true,
                ([p, s], [q, t]) => t >= s && q - t >= p - s,
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lock;
    use super::*;

    fn changes(old: &str, new: &str) -> Vec<String> {
        let read = |text: &str| lock::read(&format!("version: 1\nsearch_path: [public]\n{text}")).unwrap();
        diff(&read(old), &read(new)).iter().map(|c| format!("{:?} {c}", c.impact)).collect()
    }

    #[test]
    fn columns() {
        let old = "tables:\n  public.t:\n    columns:\n      a: integer not null\n      b: varchar(10)\n      mfg_date: date\n      x: text\n      y: text not null default ''::text\n";
        let new = "tables:\n  public.t:\n    columns:\n      a: bigint not null\n      b: varchar(5) not null\n      manufacturing_date: date\n      must: uuid not null\n      y: text not null\n";
        let expected = [
            "Breaking column retyped: `public.t.b` `varchar(10)` → `varchar(5)`",
            "Breaking column not null: `public.t.b`",
            "Breaking column renamed: `public.t.mfg_date` probably to `manufacturing_date`",
            "Breaking column required: `public.t.must` `uuid not null`",
            "Breaking column dropped: `public.t.x` `text`",
            "Breaking default changed: `public.t.y` `''::text`",
            "Safe column retyped: `public.t.a` `integer` → `bigint`",
        ];
        assert_eq!(changes(old, new), expected);
        assert_eq!(changes(old, old), [""; 0]);
    }

    #[test]
    fn a_new_table_with_the_same_columns_is_the_old_one_renamed() {
        let table =
            |name: &str, more: &str| format!("tables:\n  public.{name}:\n    columns:\n      a: integer\n      b: text\n      c: date\n      d: uuid\n{more}");
        let found = changes(&table("orders", ""), &table("purchases", "      e: text\n"));
        assert_eq!(found, ["Breaking table renamed: `public.orders` probably to `public.purchases`", "Safe column added: `public.purchases.e` `text`"]);
        let found = changes(&table("orders", ""), "tables:\n  public.other:\n    columns:\n      z: text\n");
        assert_eq!(found, ["Breaking table dropped: `public.orders`", "Safe table added: `public.other`"]);
    }

    #[test]
    fn everything_else() {
        let old = "tables:\n  public.t:\n    columns:\n      a: integer not null\n    primary key: [a]\n    unique:\n      u: [a]\n    checks:\n      c: a > 0\nenums:\n  public.e: [x, y]\nfunctions:\n  public.f(a integer): text\n  public.g(): void\nsequences: [public.s]\n";
        let new = "tables:\n  public.t:\n    columns:\n      a: integer not null\n    checks:\n      c: a > 1\n    foreign keys:\n      k: (a) references public.t (a)\nenums:\n  public.e: [x, z]\nfunctions:\n  public.f(a integer): integer\n";
        let expected = [
            "Breaking label dropped: `public.e.y`",
            "Breaking function dropped: `public.g` `public.g()`",
            "Breaking sequence dropped: `public.s`",
            "Risky function changed: `public.f` `text` → `integer`",
            "Risky primary key changed: `public.t` `a`",
            "Risky check added: `public.t.c` `a > 1`",
            "Risky foreign key added: `public.t.k` `(a) references public.t (a)`",
            "Risky unique dropped: `public.t.u` `a`",
            "Safe label added: `public.e.z`",
            "Safe check dropped: `public.t.c` `a > 0`",
        ];
        assert_eq!(changes(old, new), expected);
    }
}
