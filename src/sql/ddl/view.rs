//! Views: their columns, and what they are made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Ddl, NoteKind, TEMPORARY};
use crate::schema::{Column, LazyRelation, QualifiedName, Relation, RelationKind, Schema};
use crate::source::Span;
use crate::sql::views;
use crate::syntax::sql::ast::{
    CreateView, Cte, Expr, ExprKind, FromItem, FromKind, Ident, ObjectName, Query, QueryBody, Select, Statement, StatementKind, Target, With,
};

/// A column of a view or of a table made by a query.
pub(super) struct OutputColumn {
    pub name: String,
    pub ty: String,
}

/// What a view's query depends on: relations, and columns of theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses(Vec<(QualifiedName, Option<String>)>);

impl Uses {
    pub(super) fn names_relation(&self, name: &QualifiedName) -> bool {
        self.0.iter().any(|(relation, _)| relation == name)
    }

    pub(super) fn names_column(&self, name: &QualifiedName, column: &str) -> bool {
        self.0.iter().any(|(relation, c)| relation == name && c.as_deref() == Some(column))
    }

    pub(super) fn rename_relation(&mut self, old: &QualifiedName, new: &QualifiedName) {
        self.0.iter_mut().filter(|(relation, _)| relation == old).for_each(|(relation, _)| *relation = new.clone());
    }

    pub(super) fn rename_column(&mut self, name: &QualifiedName, old: &str, new: &str) {
        self.0.iter_mut().filter(|(relation, c)| relation == name && c.as_deref() == Some(old)).for_each(|(_, c)| *c = Some(new.to_owned()));
    }
}

/// A view while statements change what it is made from.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub uses: Uses,
    definition: Option<Definition>,
}

/// The query as it was written, and what it reads: as it was then, for the names in the query are of that time, and where each column is now.
#[derive(Clone, Debug)]
struct Definition {
    query: Arc<Query>,
    /// Where bare names were looked up.
    path: Vec<String>,
    /// The relations it reads.
    then: Arc<BTreeMap<QualifiedName, LazyRelation>>,
    /// All their columns: (then, now).
    columns: Vec<[(QualifiedName, String); 2]>,
}

impl View {
    pub(super) fn rename_relation(&mut self, old: &QualifiedName, new: &QualifiedName) {
        self.uses.rename_relation(old, new);
        let columns = self.definition.iter_mut().flat_map(|d| &mut d.columns);
        columns.filter(|[_, now]| now.0 == *old).for_each(|[_, now]| now.0 = new.clone());
    }

    pub(super) fn rename_column(&mut self, name: &QualifiedName, old: &str, new: &str) {
        self.uses.rename_column(name, old, new);
        let columns = self.definition.iter_mut().flat_map(|d| &mut d.columns);
        columns.filter(|[_, now]| now.0 == *name && now.1 == old).for_each(|[_, now]| new.clone_into(&mut now.1));
    }
}

impl Definition {
    /// The relations it reads by their old names, with the types and the NOT NULLs of today.
    fn today(&self, schema: &Schema, doubtful: &BTreeSet<(QualifiedName, String)>) -> BTreeMap<QualifiedName, LazyRelation> {
        let mut relations = (*self.then).clone();
        for [then, now] in &self.columns {
            let Some(relation) = relations.get_mut(&then.0) else { continue };
            let today = schema.relations.get(&now.0);
            relation.open |= today.is_some_and(|r| r.open);
            let Some(column) = relation.column_mut(&then.1) else { continue };
            match today.and_then(|r| r.column(&now.1)) {
                Some(today) => {
                    column.ty.clone_from(&today.ty);
                    column.not_null = today.not_null && !doubtful.contains(now);
                }
                None => column.not_null = false,
            }
        }
        relations
    }
}

/// The type of a column that nobody could work out.
pub(super) const UNKNOWN: &str = "unknown";

impl Ddl {
    /// The columns of a query, as a view or a table made of it has them; `None` where they cannot be known.
    pub(super) fn outputs(&mut self, query: &Query) -> Option<Vec<OutputColumn>> {
        let outputs = self.on_path(|schema| crate::sql::query_outputs(query, schema));
        let typed = |output: crate::sql::Output| {
            // A column that is passed through keeps the length and scale of its type.
            let source = output.source.and_then(|(table, column)| Some(self.schema.relations.get(&table)?.column(&column)?.ty.clone()));
            let ty = source.or_else(|| output.exact.or(output.ty.map(unlimited)).map(|ty| self.resolved_text(&ty)));
            OutputColumn { name: output.name, ty: ty.unwrap_or_else(|| UNKNOWN.to_owned()) }
        };
        outputs.map(|columns| columns.into_iter().map(typed).collect())
    }

    /// A type's text with user types looked up on the session's path.
    fn resolved_text(&self, ty: &str) -> String {
        crate::schema::types::parse(ty).map_or_else(|| ty.to_owned(), |parsed| self.resolved(parsed).print(self.unqualified()))
    }

    pub(super) fn create_view(&mut self, create: &CreateView, span: Span) {
        let name = if create.temporary { QualifiedName::new(TEMPORARY, create.name.name.as_str()) } else { self.new_name(&create.name) };
        let existing = self.schema.relations.get(&name);
        if existing.is_some() && !create.or_replace {
            if !create.if_not_exists {
                self.note(create.name.span(), NoteKind::Exists("relation", name.to_string()));
            }
            return;
        }
        let mut relation = Relation::new(if create.materialized { RelationKind::MaterializedView } else { RelationKind::View });
        // Comments and defaults survive a replacement.
        relation.comment = existing.and_then(|r| r.comment.clone());
        relation.physical_order = Some(Vec::new());
        relation.at = Some(create.name.name.span);
        let old: Vec<Column> = existing.map(|r| r.columns.clone()).unwrap_or_default();
        let whole = create.query.as_deref().filter(|_| create.recursive).map(|query| recursive(create.name.name, &create.columns, query));
        let query = whole.as_ref().or(create.query.as_deref());
        let uses = self.uses(query);
        let columns = query.and_then(|query| self.outputs(query));
        let definition = query.filter(|_| columns.is_some()).map(|query| self.definition(query, &uses));
        self.schema.relations.insert(name.clone(), relation.into());
        self.views.insert(name.clone(), View { uses, definition });
        if create.temporary {
            self.temporary.insert(name.clone());
        }
        let Some(columns) = columns else {
            for column in &create.columns {
                self.put(&name, Column::new(column.as_str(), UNKNOWN));
            }
            self.open(&name, span, "the columns of its query are not known");
            return;
        };
        for (n, output) in columns.into_iter().enumerate() {
            let column = create.columns.get(n).map_or(output.name, |c| c.as_str().to_owned());
            let before = old.iter().find(|c| c.name == column);
            let (comment, default) = (before.and_then(|c| c.comment.clone()), before.and_then(|c| c.default.clone()));
            self.put(&name, Column { default, comment, ..Column::new(column, output.ty) });
        }
    }

    fn uses(&mut self, query: Option<&Query>) -> Uses {
        Uses(query.map(|query| self.on_path(|schema| crate::sql::query_uses(query, schema))).unwrap_or_default())
    }

    /// Bare names mean what the session's path says at this moment; those in the types of columns what the schema's own path says.
    fn on_path<T>(&mut self, f: impl FnOnce(&Schema) -> T) -> T {
        let path = self.session_path();
        let own = std::mem::replace(&mut self.schema.search_path, path);
        let out = f(&self.schema);
        self.schema.search_path = own;
        out
    }

    fn session_path(&self) -> Vec<String> {
        let more = self.schema.search_path.iter().filter(|s| !self.path.contains(s));
        self.path.iter().chain(more).cloned().collect()
    }

    fn definition(&self, query: &Query, uses: &Uses) -> Definition {
        let names: BTreeSet<&QualifiedName> = uses.0.iter().map(|(relation, _)| relation).collect();
        let read = names.into_iter().filter_map(|name| Some((name.clone(), self.schema.relations.get(name)?.clone())));
        let then: BTreeMap<QualifiedName, LazyRelation> = read.collect();
        let places = then.iter().flat_map(|(name, relation)| relation.columns.iter().map(move |c| (name.clone(), c.name.clone())));
        let columns = places.map(|place| [place.clone(), place]).collect();
        Definition { query: Arc::new(query.clone()), path: self.session_path(), then: Arc::new(then), columns }
    }

    /// In the end: which columns of views can never be NULL.
    pub(super) fn settle_views(&mut self) {
        let views: Vec<QualifiedName> = self.views.iter().filter(|(_, v)| v.definition.is_some()).map(|(name, _)| name.clone()).collect();
        if views.is_empty() {
            return;
        }
        let doubtful = self.doubtful();
        let mut schema = std::mem::take(&mut self.schema);
        // the names of types in old queries
        let mut base = Schema { relations: BTreeMap::new(), ..schema.clone() };
        for (old, new) in self.renamed_types.iter().rev() {
            alias(&mut base.enums, old, new);
            alias(&mut base.domains, old, new);
            alias(&mut base.composites, old, new);
            alias(&mut base.ranges, old, new);
        }
        views::settle(&mut schema, &views, |view, schema| {
            let definition = self.views.get(view)?.definition.as_ref()?;
            base.relations = definition.today(schema, &doubtful);
            // the lock has no partitions, and nobody who reads it could tell
            let partitions = definition.columns.iter().filter(|[_, now]| self.partitions.contains_key(&now.0));
            partitions.for_each(|[then, _]| base.relations.get_mut(&then.0).into_iter().for_each(|r| r.open = true));
            base.search_path.clone_from(&definition.path);
            crate::sql::never_null(&definition.query, &base)
        });
        self.schema = schema;
    }

    /// Columns of tables that declare NOT NULL while a child of theirs does not, or is a foreign table and held to nothing.
    fn doubtful(&self) -> BTreeSet<(QualifiedName, String)> {
        let parents: BTreeSet<&QualifiedName> = self.partitions.values().chain(self.inherits.values().flatten()).collect();
        let mut out = BTreeSet::new();
        for parent in parents {
            let Some(relation) = self.schema.relations.get(parent) else { continue };
            for child in self.children(parent) {
                let Some(child) = self.schema.relations.get(&child) else { continue };
                let held = |name: &str| child.kind != RelationKind::ForeignTable && child.column(name).is_some_and(|c| c.not_null);
                out.extend(relation.columns.iter().filter(|c| c.not_null && !held(&c.name)).map(|c| (parent.clone(), c.name.clone())));
            }
        }
        out
    }
}

fn alias<T: Clone>(map: &mut BTreeMap<QualifiedName, T>, old: &QualifiedName, new: &QualifiedName) {
    if let (false, Some(value)) = (map.contains_key(old), map.get(new).cloned()) {
        map.insert(old.clone(), value);
    }
}

/// The server's name of a type without a length where the plain name would mean a length of one.
fn unlimited(ty: String) -> String {
    match ty.as_str() {
        "char" => "bpchar".to_owned(),
        "char[]" => "bpchar[]".to_owned(),
        "bit" => "\"bit\"".to_owned(),
        _ => ty,
    }
}

/// What CREATE RECURSIVE VIEW stands for: `WITH RECURSIVE name (columns) AS (query) SELECT columns FROM name`.
fn recursive(name: Ident, columns: &[Ident], query: &Query) -> Query {
    let span = query.span;
    let whole = |body, with| Query { span, with, body, order_by: Vec::new(), limits: Vec::new(), locks: Vec::new() };
    let statement = Statement { span, kind: StatementKind::Query(Box::new(query.clone())) };
    let cte = Cte { name, columns: columns.to_vec(), statement, search: None, cycle: None };
    let targets = columns.iter().map(|c| Target { expr: Expr { span, kind: ExprKind::Column(vec![*c]) }, alias: None });
    let from = FromItem { span, alias: None, lateral: false, kind: FromKind::Table(ObjectName::bare(name), Vec::new()) };
    let select = Select {
        span,
        distinct_on: Vec::new(),
        distinct: false,
        targets: targets.collect(),
        into: None,
        from: vec![from],
        condition: None,
        group_by: Vec::new(),
        grouping_sets: false,
        having: None,
        windows: Vec::new(),
    };
    whole(QueryBody::Select(Box::new(select)), Some(With { recursive: true, ctes: vec![cte] }))
}
