//! Types, domains, schemas, extensions, comments, and the session's own settings.

use super::{Ddl, NoteKind, Source};
use crate::schema::{Domain, QualifiedName, types};
use crate::source::Span;
use crate::syntax::sql::ast::{
    AlterDomain, AlterDomainAction, AlterSchema, AlterType, AlterTypeAction, ColumnConstraint, ColumnConstraintKind, Comment, CreateDomain, CreateExtension,
    CreateType, ExprKind, Ident, ObjectKind, Query, QueryBody, SetParameter, TypeKind,
};

impl Ddl {
    pub(super) fn create_type(&mut self, create: &CreateType) {
        let name = self.new_name(&create.name);
        if self.is_type(&name) {
            self.note(create.name.span(), NoteKind::Exists("type", name.to_string()));
            return;
        }
        match &create.kind {
            TypeKind::Enum(labels) => {
                self.schema.enums.insert(name, labels.iter().map(|(label, _)| label.clone()).collect());
            }
            TypeKind::Composite(columns) => {
                let mut attributes: Vec<(String, String)> = Vec::new();
                for column in columns {
                    let Some(ty) = &column.ty else { continue };
                    if attributes.iter().any(|(a, _)| a == column.name.as_str()) {
                        self.note(column.name.span, NoteKind::Exists("column", format!("{name}.{}", column.name.as_str())));
                    } else {
                        attributes.push((column.name.as_str().to_owned(), self.type_text(ty)));
                    }
                }
                self.schema.composites.insert(name, attributes);
            }
            TypeKind::Range(options) => {
                let subtype = options.iter().find(|(key, _)| key == "subtype").map(|(_, value)| self.print(None, |p| p.ty(value)));
                self.schema.ranges.insert(name, subtype.unwrap_or_default());
            }
            TypeKind::Base => {}
        }
    }

    pub(super) fn create_domain(&mut self, source: Source<'_>, create: &CreateDomain) {
        let name = self.new_name(&create.name);
        if self.is_type(&name) {
            self.note(create.name.span(), NoteKind::Exists("type", name.to_string()));
            return;
        }
        let Some(ty) = &create.ty else { return };
        let domain = Domain { base: self.type_text(ty), not_null: false, default: None, checks: std::collections::BTreeMap::new() };
        self.schema.domains.insert(name.clone(), domain);
        for constraint in &create.constraints {
            self.domain_constraint(source, &name, constraint);
        }
    }

    fn domain_constraint(&mut self, source: Source<'_>, name: &QualifiedName, constraint: &ColumnConstraint) {
        let Some(base) = self.schema.domains.get(name).map(|d| self.base_type(&d.base)) else { return };
        match &constraint.kind {
            ColumnConstraintKind::NotNull => self.change_domain(name, |d| d.not_null = true),
            ColumnConstraintKind::Default(expr) => {
                let default = self.default_of(source.expr(expr), &base);
                self.change_domain(name, |d| d.default = default);
            }
            ColumnConstraintKind::Check(expr) => {
                // The name `value` stands for what is checked.
                let column_type = |column: &str| (column == "value").then(|| base.clone());
                let printer = crate::schema::expression::Printer { names: self.unqualified(), column_type: &column_type };
                let condition = printer.condition(source.expr(expr));
                let check = constraint.name.map_or_else(|| self.free_constraint_name(&name.schema, &name.name, "", "check"), |n| n.as_str().to_owned());
                self.change_domain(name, |d| {
                    d.checks.insert(check, condition);
                });
            }
            _ => {}
        }
    }

    fn change_domain(&mut self, name: &QualifiedName, change: impl FnOnce(&mut Domain)) {
        if let Some(domain) = self.schema.domains.get_mut(name) {
            change(domain);
        }
    }

    pub(super) fn alter_domain(&mut self, source: Source<'_>, alter: &AlterDomain) {
        let name = self.find(&alter.name, |n| self.schema.domains.contains_key(n));
        if !self.schema.domains.contains_key(&name) {
            self.note(alter.name.span(), NoteKind::UnknownObject("domain", alter.name.to_string()));
            self.schema.mark_incomplete(name.to_string(), "a statement changes it where nothing has created it");
            return;
        }
        match &alter.action {
            AlterDomainAction::SetDefault(expr) => {
                let base = self.schema.domains.get(&name).map(|d| self.base_type(&d.base)).unwrap_or_default();
                let default = self.default_of(source.expr(expr), &base);
                self.change_domain(&name, |d| d.default = default);
            }
            AlterDomainAction::DropDefault => self.change_domain(&name, |d| d.default = None),
            AlterDomainAction::SetNotNull => self.change_domain(&name, |d| d.not_null = true),
            AlterDomainAction::DropNotNull => self.change_domain(&name, |d| d.not_null = false),
            AlterDomainAction::AddConstraint(constraint) => self.domain_constraint(source, &name, constraint),
            AlterDomainAction::DropConstraint(constraint) => self.change_domain(&name, |d| {
                d.checks.remove(constraint.as_str());
            }),
            AlterDomainAction::RenameConstraint(old, new) => self.change_domain(&name, |d| {
                if let Some(check) = d.checks.remove(old.as_str()) {
                    d.checks.insert(new.as_str().to_owned(), check);
                }
            }),
            AlterDomainAction::RenameTo(new) => self.rename_type(&name, &QualifiedName::new(&name.schema, new.as_str())),
            AlterDomainAction::SetSchema(schema) => self.rename_type(&name, &QualifiedName::new(schema.as_str(), &name.name)),
            AlterDomainAction::Other => {}
        }
    }

    pub(super) fn alter_type(&mut self, alter: &AlterType) {
        let mut name = self.find(&alter.name, |n| self.is_type(n));
        if !self.is_type(&name) {
            // A table's row type, or an extension's type.
            if !self.schema.relations.contains_key(&name) && !alter.actions.iter().all(|a| *a == AlterTypeAction::Other) {
                self.note(alter.name.span(), NoteKind::UnknownObject("type", alter.name.to_string()));
                self.schema.mark_incomplete(name.to_string(), "a statement changes it where nothing has created it");
            }
            return;
        }
        for action in &alter.actions {
            match action {
                AlterTypeAction::RenameTo(new) => {
                    let to = QualifiedName::new(&name.schema, new.as_str());
                    self.rename_type(&name, &to);
                    name = to;
                }
                AlterTypeAction::SetSchema(schema) => {
                    let to = QualifiedName::new(schema.as_str(), &name.name);
                    self.rename_type(&name, &to);
                    name = to;
                }
                AlterTypeAction::AddValue { if_not_exists, label, before, after } => {
                    self.add_label(&name, alter.name.span(), *if_not_exists, label, before.as_deref(), after.as_deref());
                }
                AlterTypeAction::RenameValue(old, new) => {
                    for label in self.schema.enums.get_mut(&name).into_iter().flatten().filter(|l| *l == old) {
                        label.clone_from(new);
                    }
                    self.relabel(&name, old, new);
                }
                AlterTypeAction::AddAttribute(attribute, ty) => {
                    let ty = ty.as_ref().map(|t| self.type_text(t)).unwrap_or_default();
                    // A second of the name is refused (and the refusal caught in a `DO` block).
                    let attributes = self.schema.composites.entry(name.clone()).or_default();
                    if !attributes.iter().any(|(a, _)| a == attribute.as_str()) {
                        attributes.push((attribute.as_str().to_owned(), ty));
                    }
                }
                AlterTypeAction::DropAttribute(attribute, _) => {
                    self.schema.composites.entry(name.clone()).or_default().retain(|(a, _)| a != attribute.as_str());
                }
                AlterTypeAction::AlterAttribute(attribute, ty) => {
                    let ty = ty.as_ref().map(|t| self.type_text(t)).unwrap_or_default();
                    self.attribute(&name, attribute, |(_, old)| *old = ty);
                }
                AlterTypeAction::RenameAttribute(old, new) => self.attribute(&name, old, |(name, _)| new.as_str().clone_into(name)),
                AlterTypeAction::Other => {}
            }
        }
    }

    fn attribute(&mut self, name: &QualifiedName, attribute: &Ident, change: impl FnOnce(&mut (String, String))) {
        let found = self.schema.composites.get_mut(name).and_then(|c| c.iter_mut().find(|(a, _)| a == attribute.as_str()));
        found.into_iter().for_each(change_once(change));
    }

    fn add_label(&mut self, name: &QualifiedName, span: Span, if_not_exists: bool, label: &str, before: Option<&str>, after: Option<&str>) {
        let Some(labels) = self.schema.enums.get_mut(name) else { return };
        if labels.iter().any(|l| l == label) {
            if !if_not_exists {
                self.note(span, NoteKind::Exists("label", label.to_owned()));
            }
            return;
        }
        let place = |wanted: &str| labels.iter().position(|l| l == wanted);
        let at = before.and_then(place).or_else(|| after.and_then(place).map(|n| n + 1)).unwrap_or(labels.len());
        labels.insert(at, label.to_owned());
    }

    /// A type with another name: columns and defaults follow.
    pub(super) fn rename_type(&mut self, old: &QualifiedName, new: &QualifiedName) {
        let users = self.columns_of_type(old);
        let text = |name: &QualifiedName| {
            types::TypeRef { schema: Some(name.schema.clone()), name: name.name.clone(), ..types::TypeRef::default() }.print(self.unqualified())
        };
        let (before, after) = (text(old), text(new));
        for (table, column) in users {
            if let Some(column) = self.relation_mut(&table).and_then(|r| r.column_mut(&column)) {
                column.ty = column.ty.replacen(&before, &after, 1);
            }
        }
        self.retype(old, &before, &after);
        moved(&mut self.schema.enums, old, new);
        moved(&mut self.schema.domains, old, new);
        moved(&mut self.schema.composites, old, new);
        moved(&mut self.schema.ranges, old, new);
        if self.is_type(new) {
            self.renamed_types.push((old.clone(), new.clone()));
        }
    }

    /// A label with another name: what compares with it, or defaults to it, follows, since the server keeps the label and not its text.
    fn relabel(&mut self, name: &QualifiedName, old: &str, new: &str) {
        let ty = types::TypeRef { schema: Some(name.schema.clone()), name: name.name.clone(), ..types::TypeRef::default() }.print(self.unqualified());
        let text = |label: &str| format!("'{}'::{ty}", label.replace('\'', "''"));
        let (before, after) = (text(old), text(new));
        for relation in self.schema.relations.values_mut() {
            for default in relation.columns.iter_mut().filter_map(|c| c.default.as_mut()) {
                *default = default.replace(&before, &after);
            }
            relation.checks.values_mut().for_each(|c| *c = c.replace(&before, &after));
            relation.indexes.iter_mut().for_each(|i| i.definition = i.definition.replace(&before, &after));
        }
        for argument in self.schema.functions.values_mut().flatten().flat_map(|f| &mut f.arguments) {
            argument.default = argument.default.take().map(|d| d.replace(&before, &after));
        }
        for domain in self.schema.domains.values_mut() {
            domain.default = domain.default.take().map(|d| d.replace(&before, &after));
        }
    }

    pub(super) fn alter_schema(&mut self, alter: &AlterSchema) {
        let Some(new) = &alter.rename_to else { return };
        let old = alter.name.as_str();
        let relations: Vec<_> = self.schema.relations.keys().filter(|n| n.schema == old).cloned().collect();
        for name in relations {
            let to = QualifiedName::new(new.as_str(), &name.name);
            self.rename_relation(&name, to, *new);
        }
        let enums: Vec<_> = self
            .schema
            .enums
            .keys()
            .chain(self.schema.domains.keys())
            .chain(self.schema.composites.keys())
            .chain(self.schema.ranges.keys())
            .filter(|n| n.schema == old)
            .cloned()
            .collect();
        for name in enums {
            let to = QualifiedName::new(new.as_str(), &name.name);
            self.rename_type(&name, &to);
        }
        let renamed = |name: &QualifiedName| if name.schema == old { QualifiedName::new(new.as_str(), &name.name) } else { name.clone() };
        self.schema.functions = std::mem::take(&mut self.schema.functions).into_iter().map(|(name, f)| (renamed(&name), f)).collect();
        self.schema.sequences = self.schema.sequences.iter().map(renamed).collect();
    }

    pub(super) fn create_extension(&mut self, create: &CreateExtension) {
        let schema = create.schema.as_ref().map_or_else(|| self.creation_schema(), |s| s.as_str().to_owned());
        if !self.extensions.contains(&schema) {
            self.extensions.push(schema);
        }
    }

    pub(super) fn comment(&mut self, comment: &Comment) {
        let text = comment.text.clone().filter(|t| !t.is_empty());
        let Some(name) = &comment.name else { return };
        match comment.object {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                if let Some(name) = self.need_relation(name, false)
                    && let Some(relation) = self.relation_mut(&name)
                {
                    relation.comment = text;
                }
            }
            ObjectKind::Column => {
                let table = self.find_relation(name);
                let Some(part) = &comment.part else { return };
                if let Some(column) = self.relation_mut(&table).and_then(|r| r.column_mut(part.as_str())) {
                    column.comment = text;
                } else if self.schema.relations.contains_key(&table) {
                    self.missing_column(&table, part);
                } else if !self.schema.composites.contains_key(&table) {
                    self.note(name.span(), NoteKind::UnknownRelation(name.to_string()));
                }
            }
            _ => {}
        }
    }

    /// `SET search_path`; the other parameters change nothing here.
    pub(super) fn set_parameter(&mut self, set: &SetParameter) {
        if set.name != "search_path" {
            return;
        }
        if set.local && self.before_local.is_none() {
            self.before_local = Some(self.path.clone());
        }
        self.path = if set.reset { self.schema.search_path.clone() } else { usable_path(set.values.iter().map(String::as_str)) };
    }

    /// `SELECT set_config('search_path', '', false)`, as `pg_dump` writes it, and functions that change a table.
    pub(super) fn query_statement(&mut self, query: &Query, depth: usize) {
        let QueryBody::Select(select) = &query.body else { return };
        for target in &select.targets {
            if let ExprKind::Call(call) = &target.expr.kind
                && depth > 0
                && let Some(change) = super::geometry::as_statement(call)
            {
                self.run_at(&change, depth - 1);
            }
            if let ExprKind::Call(call) = &target.expr.kind
                && call.name.name.as_str() == "set_config"
                && let [parameter, value, ..] = call.args.as_slice()
                && let (ExprKind::String(parameter), ExprKind::String(value)) = (&parameter.kind, &value.kind)
                && parameter.eq_ignore_ascii_case("search_path")
            {
                self.path = usable_path(std::iter::once(value.as_str()));
            }
        }
    }
}

fn change_once<T>(change: impl FnOnce(&mut T)) -> impl FnMut(&mut T) {
    let mut change = Some(change);
    move |value| {
        if let Some(change) = change.take() {
            change(value);
        }
    }
}

fn moved<T>(map: &mut std::collections::BTreeMap<QualifiedName, T>, old: &QualifiedName, new: &QualifiedName) {
    if let Some(value) = map.remove(old) {
        map.insert(new.clone(), value);
    }
}

/// The schemas of a `search_path` that things of the user can stand in.
fn usable_path<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let values = values.flat_map(|v| v.split(',')).map(|v| v.trim().trim_matches('"'));
    values.filter(|v| !v.is_empty() && *v != "$user" && *v != "pg_catalog").map(str::to_owned).collect()
}
