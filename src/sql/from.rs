//! FROM: relations, subqueries, functions, joins (`transformFromClauseItem`).

use std::rc::Rc;

use ustr::Ustr;

use super::builtin::{self, Builtin};
use super::hint;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::{Column, Item, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{QualifiedName, Relation, RelationKind, Returns};
use crate::syntax::sql::ast::{Alias, Call, ColumnDefinition, Expr, ExprKind, FromItem, FromKind, Ident, Join, JoinKind, ObjectName, TableFunction};

/// Relations of other databases, in statements that PostgreSQL's grammar happens to read.
const FOREIGN: &[&str] = &["dual", "sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_stat1", "sysobjects", "duckdb_tables"];

/// What a relation's name was found to mean.
pub(super) enum Target {
    /// A relation of the schema.
    Known(QualifiedName),
    /// A sequence.
    Sequence,
    /// Something that exists, or may exist, without known columns.
    Open,
    /// Nothing; the finding is made.
    Missing,
}

impl Resolver<'_> {
    /// Reads a FROM list into the current level's namespace.
    pub(super) fn from_clause(&mut self, items: &[FromItem]) {
        for item in items {
            let added = self.from_item(item);
            self.check_conflicts(&added, item);
            let level = self.level();
            level.items.extend(added.into_iter().map(|i| Item { lateral_only: true, ..i }));
        }
        self.reveal();
    }

    /// Everything read so far becomes visible.
    pub(super) fn reveal(&mut self) {
        for item in &mut self.level().items {
            item.lateral_only = false;
        }
    }

    /// The same name twice (`checkNameSpaceConflicts`).
    fn check_conflicts(&mut self, added: &[Item], at: &FromItem) {
        let level = self.level();
        let mut clash = None;
        for new in added.iter().filter(|i| i.rel_visible) {
            for old in level.items.iter().filter(|i| i.rel_visible) {
                clash = clash.or_else(|| conflict(old, new));
            }
        }
        if let Some(name) = clash {
            self.duplicate(name, at);
        }
    }

    pub(super) fn duplicate(&mut self, name: Ustr, at: &FromItem) {
        if name.as_str().contains(crate::syntax::sql::template::HOLE) {
            return;
        }
        let span = place_of(at, name).unwrap_or(at.span);
        let p = self.problem(ProblemKind::DuplicateAlias, span, format!("table name `{name}` specified more than once"));
        p.table = Some(name.as_str().to_owned());
    }

    fn from_item(&mut self, item: &FromItem) -> Vec<Item> {
        let hole_alias = item.alias.as_ref().and_then(|a| a.name).is_some_and(|n| is_hole(&n));
        if hole_alias {
            // a clause may stand where the parser read an alias
            self.level().open = true;
        }
        let alias = item.alias.as_ref().filter(|_| !hole_alias);
        match &item.kind {
            FromKind::Table(name, sample) => {
                self.exprs(sample);
                let rte = self.table_rte(name, Access::Read, true);
                vec![self.finish_item(rte, alias)]
            }
            FromKind::Query(query) => {
                let before = self.enter_lateral(item.lateral);
                let shape = self.query(query);
                self.level().lateral_active = before;
                let columns = shape.columns.into_iter().map(|c| Column { direct: false, ..c }).collect();
                let rte = Rte { columns, open: shape.open, ordered: shape.ordered, ..Rte::default() };
                vec![self.finish_item(rte, alias)]
            }
            FromKind::Function(function) => {
                let before = self.enter_lateral(true);
                let rte = self.function_rte(function, alias);
                self.level().lateral_active = before;
                vec![self.finish_item(rte, alias)]
            }
            FromKind::Columns(name, args, columns) => {
                let before = self.enter_lateral(true);
                self.exprs(args);
                self.level().lateral_active = before;
                let columns = columns.iter().map(|(n, ty)| Column::computed(n.name, self.written_type(ty.as_ref()))).collect();
                let rte = Rte { name: Some(Ustr::from(name)), columns, ordered: true, ..Rte::default() };
                vec![self.finish_item(rte, alias)]
            }
            FromKind::Join(join) => self.join(join, alias),
            FromKind::Broken => {
                self.level().open = true;
                Vec::new()
            }
        }
    }

    pub(super) fn written_type(&self, ty: Option<&crate::syntax::sql::ast::TypeName>) -> Type {
        ty.map_or(Type::Unknown, |t| Type::of_name(self.schema, t))
    }

    fn enter_lateral(&mut self, lateral: bool) -> bool {
        let level = self.level();
        let before = level.lateral_active;
        level.lateral_active = lateral;
        before
    }

    fn finish_item(&mut self, mut rte: Rte, alias: Option<&Alias>) -> Item {
        if let Some(alias) = alias {
            let names: Vec<Ustr> = alias.columns.iter().map(|c| c.name).collect();
            rte.open |= alias.columns.iter().any(is_hole);
            match alias.name {
                Some(name) => rte.rename(name.name, &names),
                None => rte.aliased = true,
            }
        }
        self.origins += 1;
        for column in &mut rte.columns {
            column.origin = self.origins;
        }
        let rte = Rc::new(rte);
        self.level().all.push(Rc::clone(&rte));
        Item::new(rte)
    }

    /// Whether something of that name, though no relation, excuses it.
    fn excused(&self, name: &ObjectName) -> bool {
        let (schema, bare) = (name.schema_str(), name.name.as_str());
        self.schema.find(&self.schema.composites, schema, bare).is_some()
            || self.schema.relations.iter().any(|(key, relation)| {
                schema.is_none_or(|s| s == key.schema)
                    && (relation.indexes.iter().any(|i| i.name == bare)
                        || relation.unique.iter().any(|u| u.name == bare)
                        || bare == format!("{}_pkey", key.name)
                        || relation.primary_key_name.as_deref() == Some(bare))
            })
            || self.schema.incomplete.iter().any(|i| {
                let object = i.object.as_str();
                object == bare || Some(object) == schema || object.rsplit_once('.').is_some_and(|(s, n)| n == bare && schema.is_none_or(|w| w == s))
            })
    }

    /// Finds a relation for reading or writing; makes the finding if there is none.
    pub(super) fn find_relation(&mut self, name: &ObjectName, access: Access) -> (Target, Option<&'static builtin::Relation>) {
        let (schema, bare) = (name.schema_str(), name.name.as_str());
        if is_hole(&name.name) || name.schema.as_ref().is_some_and(is_hole) {
            return (Target::Open, None);
        }
        let catalog_first = schema.is_none() && !self.schema.search_path.iter().any(|s| s == "pg_catalog");
        let builtin = match schema {
            None if catalog_first => Builtin::get().relation(None, bare),
            Some(s) => Builtin::get().relation(Some(s), bare),
            None => None,
        };
        if builtin.is_some() {
            return (Target::Open, builtin);
        }
        let own = || if schema.is_none() { self.schema.relation(Some("pg_catalog"), bare) } else { None };
        if let Some((key, _)) = self.schema.relation(schema, bare).or_else(own) {
            let key = key.clone();
            self.note(name.name.span, &key, None, access);
            return (Target::Known(key), None);
        }
        if schema.is_none()
            && let Some(found) = self.schema.search_path.iter().find_map(|s| Builtin::get().relation(Some(s), bare))
        {
            return (Target::Open, Some(found));
        }
        if self.is_sequence(schema, bare) {
            return (Target::Sequence, None);
        }
        if schema.is_none() && (self.open_names || FOREIGN.contains(&bare)) {
            return (Target::Open, None);
        }
        if bare.ends_with("_seq") || Builtin::is_open(bare) || self.excused(name) {
            return (Target::Open, None);
        }
        let system = schema.is_some_and(|s| s == "pg_catalog" || s == "information_schema");
        if let Some(s) = schema
            && !system
            && (s.starts_with("pg_temp") || s.starts_with("pg_toast") || !self.schema.has_namespace(s))
            && !self.is_misspelt(s, bare)
        {
            return (Target::Open, None);
        }
        self.missing_relation(name);
        (Target::Missing, None)
    }

    /// A schema nobody knows may stand outside of what the lock covers; one that is nearly a known one, with just that relation in it, is a slip.
    fn is_misspelt(&self, schema: &str, name: &str) -> bool {
        let mut others = self.schema.relations.keys().filter(|k| k.name == name).map(|k| k.schema.as_str()).collect::<Vec<_>>();
        for builtin in ["pg_catalog", "information_schema"] {
            if Builtin::get().relation(Some(builtin), name).is_some() {
                others.push(builtin);
            }
        }
        hint::nearest(schema, others.into_iter()).is_some()
    }

    fn is_sequence(&self, schema: Option<&str>, name: &str) -> bool {
        let has = |schema: &str| self.schema.sequences.contains(&QualifiedName::new(schema, name));
        schema.map_or_else(|| self.schema.search_path.iter().any(|s| has(s)), has)
    }

    fn missing_relation(&mut self, name: &ObjectName) {
        let (schema, bare) = (name.schema_str(), name.name.as_str());
        let near = {
            let near_names = self
                .schema
                .relations
                .keys()
                .filter(|k| schema.map_or_else(|| self.schema.search_path.contains(&k.schema), |s| s == k.schema))
                .map(|k| k.name.as_str())
                .chain(self.levels.iter().flat_map(|l| l.ctes.iter().map(|c| c.name.as_str())));
            hint::nearest(bare, near_names).map(str::to_owned)
        };
        let elsewhere = self.schema.relations.keys().find(|k| k.name == bare).cloned();
        let p = self.problem(ProblemKind::UnknownTable, name.name.span, format!("table `{name}` does not exist"));
        p.schema = schema.map(str::to_owned);
        p.table = Some(bare.to_owned());
        match elsewhere {
            Some(other) => {
                p.help = Some(format!("there is `{other}`, which this name does not reach"));
                p.suggestion = Some(other.to_string());
            }
            None => p.suggestion = near,
        }
    }

    /// An entry for a table's name; `ctes` if names of WITH count.
    pub(super) fn table_rte(&mut self, name: &ObjectName, access: Access, ctes: bool) -> Rte {
        if ctes
            && name.schema.is_none()
            && let Some(entry) = self.levels.iter().rev().find_map(|l| l.ctes.iter().rev().find(|c| c.name == name.name.name))
        {
            let columns = entry.columns.iter().map(|c| Column { direct: false, ..c.clone() }).collect();
            return Rte { name: Some(name.name.name), columns, open: entry.open, ordered: entry.ordered, ..Rte::default() };
        }
        let named = |rte: Rte| Rte { name: Some(name.name.name), ..rte };
        let (target, builtin) = self.find_relation(name, access);
        match (target, builtin) {
            (Target::Known(key), _) => match self.schema.relations.get_key_value(&key) {
                Some((key, relation)) => named(self.relation_rte(key, relation)),
                None => named(Rte { open: true, ..Rte::default() }),
            },
            (_, Some(relation)) => named(builtin_rte(relation)),
            (Target::Sequence, None) => {
                let column = |(name, ty): (&str, &str)| Column { nullable: false, ..Column::computed(Ustr::from(name), Type::base(ty)) };
                let columns = [("last_value", "bigint"), ("log_cnt", "bigint"), ("is_called", "boolean")].map(column).to_vec();
                named(Rte { columns, system: true, ordered: true, ..Rte::default() })
            }
            _ => named(Rte { open: true, system: true, ..Rte::default() }),
        }
    }

    /// An entry with a relation's columns.
    pub(super) fn relation_rte(&self, key: &QualifiedName, relation: &Relation) -> Rte {
        let source = Rc::new(key.clone());
        let column = |c: &crate::schema::Column| {
            let name = Ustr::from(&c.name);
            Column {
                name,
                ty: Type::of_column(self.schema, &c.ty),
                nullable: !c.not_null,
                source: Some((Rc::clone(&source), name)),
                direct: true,
                uncertain: false,
                origin: 0,
            }
        };
        let (columns, ordered) = match &relation.physical_order {
            Some(order) if order.len() == relation.columns.len() => (order.iter().filter_map(|n| relation.column(n)).map(column).collect(), true),
            _ => (relation.columns.iter().map(column).collect(), relation.columns.len() < 2),
        };
        let view_without_columns = relation.columns.is_empty() && matches!(relation.kind, RelationKind::View | RelationKind::MaterializedView);
        Rte {
            columns,
            open: relation.open || view_without_columns,
            system: relation.kind != RelationKind::View,
            relation: Some(source),
            ordered,
            ..Rte::default()
        }
    }

    fn function_rte(&mut self, function: &TableFunction, alias: Option<&Alias>) -> Rte {
        let mut out = Rte { ordered: true, ..Rte::default() };
        let alias_name = alias.and_then(|a| a.name).map(|n| n.name);
        let alone = function.calls.len() == 1 && !function.rows_from;
        for (call, definitions) in &function.calls {
            let ty = self.expr(call);
            let definitions = match alias {
                Some(alias) if definitions.is_empty() && alone => &alias.definitions,
                _ => definitions,
            };
            self.call_columns(call, &ty, definitions, alias_name.filter(|_| alone), &mut out);
        }
        if function.ordinality {
            out.columns.push(Column { nullable: false, ..Column::computed(Ustr::from("ordinality"), Type::base("bigint")) });
        }
        let first = function.calls.first().map(|(call, _)| call_name(call));
        out.name = alias_name.or(first.flatten());
        out
    }

    /// The columns one call gives to FROM.
    fn call_columns(&mut self, call: &Expr, ty: &Type, definitions: &[ColumnDefinition], alias: Option<Ustr>, out: &mut Rte) {
        if !definitions.is_empty() {
            out.columns.extend(definitions.iter().map(|d| Column::computed(d.name.name, self.written_type(d.ty.as_ref()))));
            return;
        }
        let own = alias.or_else(|| call_name(call)).unwrap_or_else(|| Ustr::from("?column?"));
        let ExprKind::Call(call) = &call.kind else {
            // `CURRENT_DATE` and casts give one value
            if let ExprKind::Hole | ExprKind::Broken | ExprKind::Special(..) = call.kind {
                out.open = true;
            }
            out.columns.push(Column::computed(own, ty.clone()));
            return;
        };
        match self.function_columns(call, ty) {
            Columns::Row(columns) => out.columns.extend(columns),
            Columns::Value(ty) => out.columns.push(Column::computed(own, ty)),
            Columns::Unknown => {
                out.columns.push(Column { uncertain: true, ..Column::computed(own, Type::Unknown) });
                out.open = true;
            }
        }
    }

    /// What a function gives as a FROM item.
    pub(super) fn function_columns(&self, call: &Call, ty: &Type) -> Columns {
        let name = call.name.name.name;
        if let Some((_, overloads)) = self.schema.find(&self.schema.functions, call.name.schema_str(), &name) {
            let count = call.args.len();
            let fitting: Vec<_> = overloads.iter().filter(|f| takes(f, count) || call.variadic).collect();
            let [only] = fitting.as_slice() else {
                let mut all = fitting.iter().map(|f| self.returned(f, ty));
                let first = all.next();
                return match first {
                    Some(first) if all.all(|other| other == first) => first,
                    _ => Columns::Unknown,
                };
            };
            return self.returned(only, ty);
        }
        if call.name.schema.is_some_and(|s| s.name != "pg_catalog") {
            return Columns::Unknown;
        }
        if name == "unnest" && call.args.len() == 1 {
            // one argument's type decides: elements of an array, lexemes of a tsvector, ranges of a multirange
            return match ty {
                Type::Unknown | Type::Literal => Columns::Unknown,
                ty => self.columns_of_type(ty),
            };
        }
        if name == "unnest" && call.args.len() > 1 {
            return Columns::Row(call.args.iter().map(|_| Column::computed(name, Type::Unknown)).collect());
        }
        let count = u16::try_from(call.args.len()).unwrap_or(u16::MAX);
        let forms = Builtin::get().functions(&name);
        let fits: Vec<_> = forms.iter().filter(|f| f.least <= count && (count <= f.most || f.variadic)).collect();
        match fits.as_slice() {
            [] => Columns::Unknown,
            [form] if !form.outs.is_empty() => out_columns(&form.outs),
            all if all.iter().any(|f| f.result == "record") => Columns::Unknown,
            all if all.iter().all(|f| !f.result.starts_with("any")) => Columns::Value(if let [one] = all { builtin_type(one.result) } else { ty.clone() }),
            _ => self.columns_of_type(ty),
        }
    }

    fn returned(&self, function: &crate::schema::Function, ty: &Type) -> Columns {
        let outs: Vec<_> = function.arguments.iter().filter(|a| matches!(a.mode, crate::schema::ArgMode::Out | crate::schema::ArgMode::InOut)).collect();
        let column = |name: &str, ty: &str| Column::computed(Ustr::from(name), Type::of_column(self.schema, ty));
        match &function.returns {
            Returns::Table(columns) if columns.len() > 1 => Columns::Row(columns.iter().map(|(n, t)| column(n, t)).collect()),
            // a single column of `returns table` keeps its name too
            Returns::Table(columns) => Columns::Row(columns.iter().map(|(n, t)| column(n, t)).collect()),
            _ if outs.len() > 1 => {
                Columns::Row(outs.iter().enumerate().map(|(n, a)| column(a.name.as_deref().unwrap_or(&format!("column{}", n + 1)), &a.ty)).collect())
            }
            Returns::One(_) | Returns::SetOf(_) if outs.len() == 1 => match outs[0].name.as_deref() {
                Some(name) => Columns::Row(vec![column(name, &outs[0].ty)]),
                None => Columns::Value(Type::of_column(self.schema, &outs[0].ty)),
            },
            Returns::One(result) | Returns::SetOf(result) => {
                if matches!(
                    result.as_str(),
                    "anyarray" | "anyrange" | "anymultirange" | "anyenum" | "anycompatiblearray" | "anycompatiblerange" | "anycompatiblemultirange"
                ) {
                    return Columns::Value(Type::Unknown);
                }
                let ty = if result.starts_with("any") { ty.clone() } else { Type::of_column(self.schema, result) };
                if result == "record" { Columns::Unknown } else { self.columns_of_type(&ty) }
            }
            Returns::Nothing => Columns::Unknown,
        }
    }

    fn columns_of_type(&self, ty: &Type) -> Columns {
        match ty {
            Type::Unknown | Type::Literal => Columns::Unknown,
            Type::Row(name) => match self.fields(name) {
                Some(fields) => Columns::Row(fields),
                None => Columns::Unknown,
            },
            Type::Record(fields) => Columns::Row(fields.iter().map(|(n, t)| Column::computed(*n, t.clone())).collect()),
            Type::Base(name) if name.as_str() == "record" => Columns::Unknown,
            Type::Base(_) | Type::Enum(_) | Type::Array(_) => Columns::Value(ty.clone()),
        }
    }

    /// The columns of a composite type or a relation's row; `None` where they are not all known.
    pub(super) fn fields(&self, name: &QualifiedName) -> Option<Vec<Column>> {
        if let Some(fields) = self.schema.composites.get(name) {
            return Some(fields.iter().map(|(n, t)| Column::computed(Ustr::from(n), Type::of_column(self.schema, t))).collect());
        }
        let (key, relation) = self.schema.relations.get_key_value(name)?;
        let rte = self.relation_rte(key, relation);
        (!rte.open).then(|| rte.columns.into_iter().map(|c| Column { direct: false, ..c }).collect())
    }

    fn join(&mut self, join: &Join, alias: Option<&Alias>) -> Vec<Item> {
        let left = self.from_item(&join.left);
        // the right side may look left only through LATERAL
        let mark = self.level().items.len();
        self.level().items.extend(left.iter().cloned().map(|i| Item { lateral_only: true, ..i }));
        let right = self.from_item(&join.right);
        self.level().items.truncate(mark);
        for new in right.iter().filter(|i| i.rel_visible) {
            if let Some(name) = left.iter().filter(|i| i.rel_visible).find_map(|old| conflict(old, new)) {
                self.duplicate(name, &join.right);
            }
        }
        let merged = self.merged_columns(join, &left, &right);
        let mut items: Vec<Item> = left;
        items.extend(right);
        if let Some(on) = &join.on {
            // only the two sides (and outer levels) are in sight
            let hidden = std::mem::replace(&mut self.level().items, items.clone());
            self.reveal();
            self.expr(on);
            self.level().items = hidden;
        }
        let ordered = merged.ordered;
        let open = merged.open;
        let mut rte = Rte { columns: merged.columns, join: true, open, ordered, ..Rte::default() };
        if let Some(using_alias) = join.using_alias {
            if items.iter().any(|i| i.rel_visible && i.rte.name == Some(using_alias.name)) && !is_hole(&using_alias) {
                let message = format!("table name `{}` specified more than once", using_alias.name);
                self.problem(ProblemKind::DuplicateAlias, using_alias.span, message).table = Some(using_alias.as_str().to_owned());
            }
            let columns = rte.columns.iter().take(join.using.len()).cloned().collect();
            let named = Rte { name: Some(using_alias.name), aliased: true, columns, ordered: true, ..Rte::default() };
            let item = Item { cols_visible: false, ..Item::new(Rc::new(named)) };
            items.push(item);
        }
        if let Some(alias) = alias {
            let names: Vec<Ustr> = alias.columns.iter().map(|c| c.name).collect();
            if let Some(name) = alias.name {
                rte.rename(name.name, &names);
            }
            for column in &mut rte.columns {
                column.direct &= names.is_empty();
            }
            rte.join = false;
            let rte = Rc::new(rte);
            self.level().all.push(Rc::clone(&rte));
            return vec![Item::new(rte)];
        }
        for item in &mut items {
            item.cols_visible = false;
        }
        items.push(Item { rel_visible: false, ..Item::new(Rc::new(rte)) });
        items
    }

    /// USING and NATURAL: the merged columns first, then the rest of the left side, then of the right.
    fn merged_columns(&mut self, join: &Join, left: &[Item], right: &[Item]) -> Rte {
        let (mut ours, open_left, ordered_left) = side(left);
        let (mut theirs, open_right, ordered_right) = side(right);
        let natural: Vec<Ident> = Vec::new();
        let mut using: Vec<(Ustr, Option<Ident>)> = join.using.iter().chain(&natural).map(|i| (i.name, Some(*i))).collect();
        if join.natural {
            for column in ours.iter().filter(|c| theirs.iter().any(|t| t.name == c.name)) {
                if !using.iter().any(|(n, _)| *n == column.name) {
                    using.push((column.name, None));
                }
            }
        }
        let mut columns = Vec::new();
        for (name, ident) in using {
            let found_left = self.using_column(&ours, name, ident, open_left, "left");
            let found_right = self.using_column(&theirs, name, ident, open_right, "right");
            let mut merged = match (join.kind, found_left, found_right) {
                (JoinKind::Right, _, Some(right)) => right,
                (_, Some(left), right) => Column { ty: if left.ty == Type::Unknown { right.map_or(Type::Unknown, |r| r.ty) } else { left.ty.clone() }, ..left },
                (_, None, Some(right)) => right,
                (_, None, None) => Column::computed(name, Type::Unknown),
            };
            if let (JoinKind::Full, true) = (join.kind, merged.direct) {
                merged.nullable = true;
            }
            columns.push(merged);
            ours.retain(|c| c.name != name);
            theirs.retain(|c| c.name != name);
        }
        let outer = |list: &mut Vec<Column>| list.iter_mut().for_each(|c| c.nullable = true);
        if matches!(join.kind, JoinKind::Left | JoinKind::Full) {
            outer(&mut theirs);
        }
        if matches!(join.kind, JoinKind::Right | JoinKind::Full) {
            outer(&mut ours);
        }
        columns.append(&mut ours);
        columns.append(&mut theirs);
        Rte { columns, open: open_left || open_right, ordered: ordered_left && ordered_right && !join.natural, ..Rte::default() }
    }

    fn using_column(&mut self, side: &[Column], name: Ustr, ident: Option<Ident>, open: bool, which: &str) -> Option<Column> {
        let mut all = side.iter().filter(|c| c.name == name);
        let found = all.next().cloned();
        let again = all.any(|c| !c.uncertain) && found.as_ref().is_some_and(|f| !f.uncertain);
        let Some(ident) = ident else { return found };
        if is_hole(&ident) {
            return found;
        }
        match &found {
            Some(column) => {
                if again {
                    let message = format!("column `{name}` appears more than once in the {which} table of the join");
                    let p = self.problem(ProblemKind::AmbiguousColumn, ident.span, message);
                    p.column = Some(name.as_str().to_owned());
                } else if column.direct
                    && let Some((relation, column)) = column.source.clone()
                {
                    self.note(ident.span, &relation, Some(&column), Access::Read);
                }
            }
            None if open => {}
            None => {
                let near = hint::nearest(&name, side.iter().map(|c| c.name.as_str())).map(str::to_owned);
                let message = format!("column `{name}` in USING does not exist in the {which} table of the join");
                let p = self.problem(ProblemKind::UnknownColumn, ident.span, message);
                p.column = Some(name.as_str().to_owned());
                p.suggestion = near;
            }
        }
        found
    }
}

/// What a call gives to FROM.
#[derive(PartialEq)]
pub(super) enum Columns {
    Row(Vec<Column>),
    Value(Type),
    Unknown,
}

fn out_columns(outs: &[(&str, &str)]) -> Columns {
    Columns::Row(outs.iter().map(|(n, t)| Column::computed(Ustr::from(n), builtin_type(t))).collect())
}

/// A type as the built-in data writes it.
pub(super) fn builtin_type(text: &str) -> Type {
    if let Some(inner) = text.strip_suffix("[]") {
        return Type::Array(Rc::new(builtin_type(inner)));
    }
    match text {
        "timestamp_with_time_zone" => Type::base("timestamptz"),
        "timestamp_without_time_zone" => Type::base("timestamp"),
        "time_with_time_zone" => Type::base("timetz"),
        "time_without_time_zone" => Type::base("time"),
        "double_precision" => Type::base("double precision"),
        "character_varying" => Type::base("varchar"),
        "character" => Type::base("char"),
        "bit_varying" => Type::base("varbit"),
        _ if text.starts_with("any") || text == "record" => Type::Unknown,
        _ => Type::base(text),
    }
}

fn builtin_rte(relation: &'static builtin::Relation) -> Rte {
    let columns: Vec<Column> = relation.columns.iter().map(|(name, ty)| Column::computed(Ustr::from(name), builtin_type(ty))).collect();
    Rte { columns, system: !relation.view, ordered: true, relation: Some(Rc::new(QualifiedName::new(relation.schema, relation.name))), ..Rte::default() }
}

/// Whether a function can be called with so many arguments.
pub(super) fn takes(function: &crate::schema::Function, count: usize) -> bool {
    use crate::schema::ArgMode;
    let inputs: Vec<_> = function.arguments.iter().filter(|a| a.mode != ArgMode::Out).collect();
    let variadic = inputs.iter().any(|a| a.mode == ArgMode::Variadic);
    let least = inputs.iter().filter(|a| a.default.is_none() && a.mode != ArgMode::Variadic).count();
    least <= count && (count <= inputs.len() || variadic)
}

/// The name of a function, as FROM names its entry.
fn call_name(call: &Expr) -> Option<Ustr> {
    match &call.kind {
        ExprKind::Call(call) => Some(call.name.name.name),
        ExprKind::SqlValue(word) => Some(Ustr::from(word)),
        ExprKind::Special(word, _) => Some(Ustr::from(word)),
        ExprKind::Cast(_, ty) => Some(ty.name.name.name),
        _ => None,
    }
}

fn conflict(old: &Item, new: &Item) -> Option<Ustr> {
    let name = new.rte.name?;
    if old.rte.name != Some(name) {
        return None;
    }
    // `a.t, b.t` are two tables
    let different = match (&old.rte.relation, &new.rte.relation) {
        (Some(a), Some(b)) => !old.rte.aliased && !new.rte.aliased && a != b,
        _ => false,
    };
    (!different).then_some(name)
}

/// Columns a side of a join brings along, whether it may have more, whether they stand in order.
fn side(items: &[Item]) -> (Vec<Column>, bool, bool) {
    let (mut columns, mut open, mut ordered) = (Vec::new(), false, true);
    for item in items.iter().filter(|i| i.cols_visible) {
        columns.extend(item.rte.columns.iter().cloned());
        open |= item.rte.open;
        ordered &= item.rte.ordered;
    }
    (columns, open || items.is_empty(), ordered)
}

/// Where an item says its name.
fn place_of(item: &FromItem, name: Ustr) -> Option<crate::source::Span> {
    if let Some(alias) = item.alias.as_ref().and_then(|a| a.name) {
        return (alias.name == name).then_some(alias.span);
    }
    match &item.kind {
        FromKind::Table(table, _) => (table.name.name == name).then_some(table.name.span),
        FromKind::Join(join) => place_of(&join.right, name).or_else(|| place_of(&join.left, name)),
        _ => None,
    }
}
