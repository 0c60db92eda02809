//! Models beside the lock, from the models' point of view.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, NewColumn, Plan};
use crate::project::models::{Framework, Model, ModelColumn};
use crate::rules::{Context, Known, display, suggest};
use crate::schema::types::{Family, family, parse};
use crate::schema::{QualifiedName, Relation, RelationKind, Schema};

/// What the database lacks of the models; with `drop` also what it has too much.
pub fn plan(context: &Context<'_, '_>, drop: bool) -> Plan {
    let world = &context.project.world;
    let whole = |m: &&Model| !m.foreign && !m.reflected && !m.open && m.class.is_some() && m.framework != Framework::Pydantic;
    let mut tables: BTreeMap<QualifiedName, Vec<&Model>> = BTreeMap::new();
    let mut planner = Planner { context, plan: Plan::default(), late: Vec::new(), last: Vec::new() };
    for model in world.models.all.iter().filter(whole).filter(|m| !world.is_test(m.at.file) && !world.is_migration(m.at.file)) {
        let name = match context.relation(model.relation) {
            Known::Closed(name, relation) if relation.kind == RelationKind::Table => name.clone(),
            Known::Missing => QualifiedName::new(model.relation.schema.map_or("public", |s| s.as_str()), model.relation.name.as_str()),
            _ => continue,
        };
        tables.entry(name).or_default().push(model);
    }
    for (name, models) in &tables {
        let columns = planner.columns(models);
        match context.schema.relations.get(name) {
            None => planner.create(name, &columns),
            Some(relation) => planner.alter(name, relation, models, &columns, drop),
        }
    }
    let Planner { mut plan, late, last, .. } = planner;
    plan.changes.extend(late);
    plan.changes.extend(last);
    let rank = |c: &Change| !matches!(c, Change::AddLabel { .. });
    plan.changes.sort_by_key(rank);
    let mut seen = Vec::new();
    plan.changes.retain(|c| {
        let new = !seen.contains(c);
        if new {
            seen.push(c.clone());
        }
        new
    });
    plan
}

struct Planner<'r, 'a> {
    context: &'r Context<'r, 'a>,
    plan: Plan,
    /// Constraints: when all tables and columns are there.
    late: Vec<Change>,
    /// Drops: when nothing needs them any more.
    last: Vec<Change>,
}

impl Planner<'_, '_> {
    /// The columns of all classes that share a table, by name; those of a parent's table are not this one's.
    fn columns<'m>(&self, models: &[&'m Model]) -> BTreeMap<&'m str, &'m ModelColumn> {
        let own = |model: &Model, c: &ModelColumn| {
            let owner = c.owner.filter(|o| Some(*o) != model.class);
            owner.and_then(|o| self.context.project.world.models.of_class(o)).is_none_or(|(_, parent)| parent.relation == model.relation)
        };
        models.iter().flat_map(|m| m.columns.iter().filter(|c| own(m, c))).map(|c| (c.column.as_str(), c)).collect()
    }

    fn create(&mut self, table: &QualifiedName, columns: &BTreeMap<&str, &ModelColumn>) {
        let key: Vec<String> = columns.values().filter(|c| c.primary_key).map(|c| c.column.to_string()).collect();
        let mut made = Vec::new();
        for c in columns.values() {
            let Some(column) = self.column(table, c, key.len() == 1) else { return };
            made.push(column);
        }
        if made.is_empty() {
            self.plan.notes.push(format!("`{}`: left out: no column of its model is understood", display(table)));
            return;
        }
        self.plan.changes.push(Change::CreateTable { table: table.clone(), columns: made, key });
        for c in columns.values() {
            self.keys(table, None, c);
        }
    }

    fn column(&mut self, table: &QualifiedName, c: &ModelColumn, only_key: bool) -> Option<NewColumn> {
        let Some(ty) = c.ty.clone() else {
            self.plan.notes.push(format!("`{}`: left out: the type of `{}` is not understood", display(table), c.column));
            return None;
        };
        let identity = c.primary_key && only_key && c.foreign_keys.is_empty() && family(&ty) == Family::Integer;
        Some(NewColumn { name: c.column.to_string(), ty, not_null: c.nullable == Some(false) || c.primary_key, identity })
    }

    fn alter(&mut self, table: &QualifiedName, relation: &Relation, models: &[&Model], columns: &BTreeMap<&str, &ModelColumn>, drop: bool) {
        let lost: Vec<&&ModelColumn> = columns.values().filter(|c| relation.column(&c.column).is_none()).collect();
        let mut unmapped: BTreeSet<&str> = relation.columns.iter().map(|c| c.name.as_str()).filter(|n| !columns.contains_key(n)).collect();
        for c in lost {
            // A column that the model spells otherwise is one column, not one too many and one too few.
            if let Some(old) = suggest::best(&c.column, unmapped.iter().copied())
                .or_else(|| suggest::column(&table.name, &c.column, relation).filter(|n| unmapped.contains(n)))
            {
                unmapped.remove(old);
                self.plan.changes.push(Change::RenameColumn { table: table.clone(), from: old.to_owned(), to: c.column.to_string() });
                if let Some(theirs) = relation.column(old) {
                    self.same(table, c, &theirs.ty, theirs.not_null, relation.primary_key.iter().any(|k| k == old));
                }
            } else if let Some(column) = self.column(table, c, false) {
                self.plan.changes.push(Change::AddColumn { table: table.clone(), column });
                self.keys(table, Some(relation), c);
            }
        }
        for c in columns.values() {
            let Some(theirs) = relation.column(&c.column) else { continue };
            self.same(table, c, &theirs.ty, theirs.not_null, relation.primary_key.contains(&theirs.name));
            self.keys(table, Some(relation), c);
        }
        self.primary_key(table, relation, models, columns);
        for name in unmapped {
            if drop {
                self.last.push(Change::DropColumn { table: table.clone(), column: name.to_owned() });
            } else {
                self.plan.notes.push(format!("`{}.{name}`: no model has it; `--drop` writes that it goes", display(table)));
            }
        }
    }

    /// Type, labels and nullability of a column that both have.
    fn same(&mut self, table: &QualifiedName, c: &ModelColumn, theirs: &str, not_null: bool, key: bool) {
        let schema: &Schema = self.context.schema;
        if let (Some(labels), Some(ty)) = (&c.enum_labels, parse(theirs))
            && let Some((name, known)) = schema.find(&schema.enums, ty.schema.as_deref(), &ty.name)
        {
            let of = super::name(name);
            for label in labels.iter().filter(|l| !known.contains(l)) {
                self.plan.changes.push(Change::AddLabel { of: of.clone(), label: label.clone() });
            }
            for label in known.iter().filter(|l| !labels.contains(l)) {
                self.plan.notes.push(format!("enum `{name}`: the model lacks `{label}`, and PostgreSQL cannot take a label away"));
            }
        } else if let Some(ours) = &c.ty
            && differ(ours, theirs)
        {
            self.plan.changes.push(Change::Retype { table: table.clone(), column: c.column.to_string(), from: theirs.to_owned(), to: ours.clone() });
        }
        let wanted = c.nullable.filter(|_| !key && !c.primary_key);
        if let Some(may) = wanted.filter(|may| *may == not_null) {
            self.plan.changes.push(Change::Null { table: table.clone(), column: c.column.to_string(), may });
        }
    }

    /// Foreign keys and uniqueness of one column.
    fn keys(&mut self, table: &QualifiedName, relation: Option<&Relation>, c: &ModelColumn) {
        let column = c.column.to_string();
        if c.unique && relation.is_none_or(|r| !is_unique(r, &column)) && !c.primary_key {
            self.late.push(Change::Unique { table: table.clone(), columns: vec![column.clone()] });
        }
        let [(target, _)] = c.foreign_keys.as_slice() else { return };
        let Some((target, target_column)) = resolve(target) else { return };
        let over: Vec<_> = relation.map(|r| r.foreign_keys.iter().filter(|k| k.columns.contains(&column)).collect()).unwrap_or_default();
        if over.iter().any(|k| k.target == target && k.target_columns.contains(&target_column)) || over.iter().any(|k| k.columns.len() > 1) {
            return;
        }
        for key in over {
            self.late.push(Change::DropConstraint { table: table.clone(), name: key.name.clone(), kind: "foreignkey" });
        }
        self.late.push(Change::ForeignKey { table: table.clone(), column, target, target_column });
    }

    fn primary_key(&mut self, table: &QualifiedName, relation: &Relation, models: &[&Model], columns: &BTreeMap<&str, &ModelColumn>) {
        let ours: BTreeSet<&str> = columns.values().filter(|c| c.primary_key).map(|c| c.column.as_str()).collect();
        let theirs: BTreeSet<&str> = relation.primary_key.iter().map(String::as_str).collect();
        // A key column that is renamed stays in its key.
        if models.len() > 1 || ours.is_empty() || theirs.is_empty() || ours == theirs || ours.iter().any(|c| relation.column(c).is_none()) {
            return;
        }
        let name = relation.primary_key_name.clone().unwrap_or_else(|| format!("{}_pkey", table.name));
        self.late.push(Change::DropConstraint { table: table.clone(), name, kind: "primary" });
        self.late.push(Change::PrimaryKey { table: table.clone(), columns: ours.into_iter().map(str::to_owned).collect() });
    }
}

fn is_unique(relation: &Relation, column: &str) -> bool {
    let alone = |columns: &[String]| columns.len() == 1 && columns[0] == column;
    relation.unique.iter().any(|u| alone(&u.columns))
        || alone(&relation.primary_key)
        || relation.indexes.iter().any(|i| i.unique && !i.partial && i.keys.len() == 1 && i.keys[0].as_deref() == Some(column))
}

/// `schema.table.column`
fn resolve(target: &str) -> Option<(QualifiedName, String)> {
    let (table, column) = target.rsplit_once('.')?;
    let (schema, name) = table.rsplit_once('.').unwrap_or(("public", table));
    Some((QualifiedName::new(schema, name), column.to_owned()))
}

/// Whether `type-mismatch` would speak: another family, or another length.
fn differ(ours: &str, theirs: &str) -> bool {
    let (a, b) = (family(ours), family(theirs));
    if matches!((&a, &b), (Family::Other(_), _) | (_, Family::Other(_))) {
        return false;
    }
    let length = |ty: &str| parse(ty).filter(|t| t.name == "varchar" && !t.array).and_then(|t| t.modifiers.first().cloned());
    a != b && !matches!((&a, &b), (Family::Numeric, Family::Float) | (Family::Float, Family::Numeric))
        || matches!((length(ours), length(theirs)), (Some(a), Some(b)) if a != b)
}
