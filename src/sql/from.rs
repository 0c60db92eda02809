//! FROM: relations, subqueries, functions, joins (`transformFromClauseItem`).

use std::rc::Rc;

use crate::symbol::Symbol;

use super::hint;
use super::nullable::{Present, is_scalar, narrow_item};
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::{Column, Item, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::syntax::sql::ast::{Alias, FromItem, FromKind, Ident, Join, JoinKind};

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
    pub(super) fn check_conflicts(&mut self, added: &[Item], at: &FromItem) {
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

    pub(super) fn duplicate(&mut self, name: Symbol, at: &FromItem) {
        if name.as_str().contains(crate::syntax::sql::template::HOLE) {
            return;
        }
        let span = place_of(at, name).unwrap_or(at.span);
        let p = self.problem(ProblemKind::DuplicateAlias, span, format!("table name `{name}` specified more than once"));
        p.table = Some(name.as_str().to_owned());
    }

    pub(super) fn from_item(&mut self, item: &FromItem) -> Vec<Item> {
        let hole_alias = item.alias.as_ref().and_then(|a| a.name).is_some_and(|n| is_hole(&n));
        if hole_alias {
            // a clause may stand where the parser read an alias
            self.level().open = true;
        }
        let alias = item.alias.as_ref().filter(|_| !hole_alias);
        match &item.kind {
            FromKind::Table(name, sample) => {
                self.exprs(sample);
                if is_hole(&name.name) && alias.is_none() {
                    // whatever stands there may bring more than one table, under any name
                    self.level().open = true;
                }
                let rte = self.table_rte(name, Access::Read, true);
                vec![self.finish_item(rte, alias)]
            }
            FromKind::Query(query) => {
                let before = self.enter_lateral(item.lateral);
                let shape = self.query(query);
                self.level().lateral_active = before;
                let columns = shape.columns.into_iter().map(Column::given).collect();
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
                let rte = Rte { name: Some(Symbol::from(name)), columns, ordered: true, ..Rte::default() };
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

    pub(super) fn enter_lateral(&mut self, lateral: bool) -> bool {
        let level = self.level();
        let before = level.lateral_active;
        level.lateral_active = lateral;
        before
    }

    pub(super) fn finish_item(&mut self, mut rte: Rte, alias: Option<&Alias>) -> Item {
        if let Some(alias) = alias {
            let names: Vec<Symbol> = alias.columns.iter().map(|c| c.name).collect();
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
        self.doubt |= rte.open;
        let rte = Rc::new(rte);
        self.level().all.push(Rc::clone(&rte));
        Item::new(rte)
    }

    pub(super) fn join(&mut self, join: &Join, alias: Option<&Alias>) -> Vec<Item> {
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
        let (mut merged, mut present) = self.merged_columns(join, &left, &right);
        let mut items: Vec<Item> = left;
        let outer_left = matches!(join.kind, JoinKind::Right | JoinKind::Full);
        let outer_right = matches!(join.kind, JoinKind::Left | JoinKind::Full);
        items.iter_mut().filter(|_| outer_left).for_each(Item::may_miss);
        items.extend(right.into_iter().map(|mut item| {
            if outer_right {
                item.may_miss();
            }
            item
        }));
        if let Some(on) = &join.on {
            // only the two sides (and outer levels) are in sight
            let hidden = std::mem::replace(&mut self.level().items, items.clone());
            self.reveal();
            self.condition(on);
            if join.kind == JoinKind::Inner {
                present.extend(self.present(on));
            }
            self.level().items = hidden;
        }
        if !present.is_empty() {
            items.iter_mut().for_each(|item| narrow_item(item, &present));
            merged.columns.iter_mut().filter(|c| present.contains(&(c.origin, c.name))).for_each(|c| c.nullable = false);
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
            let names: Vec<Symbol> = alias.columns.iter().map(|c| c.name).collect();
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
    /// Beside them the columns of either side that are values because the join compared them.
    pub(super) fn merged_columns(&mut self, join: &Join, left: &[Item], right: &[Item]) -> (Rte, Present) {
        let (mut ours, open_left, ordered_left) = side(left);
        let (mut theirs, open_right, ordered_right) = side(right);
        let natural: Vec<Ident> = Vec::new();
        let mut using: Vec<(Symbol, Option<Ident>)> = join.using.iter().chain(&natural).map(|i| (i.name, Some(*i))).collect();
        if join.natural {
            for column in ours.iter().filter(|c| theirs.iter().any(|t| t.name == c.name)) {
                if !using.iter().any(|(n, _)| *n == column.name) {
                    using.push((column.name, None));
                }
            }
        }
        let (mut columns, mut present) = (Vec::new(), Present::new());
        for (name, ident) in using {
            let found_left = self.using_column(&ours, name, ident, open_left, "left");
            let found_right = self.using_column(&theirs, name, ident, open_right, "right");
            if matches!(join.kind, JoinKind::Inner | JoinKind::Cross) {
                let sides = [&found_left, &found_right].into_iter().flatten();
                present.extend(sides.filter(|c| c.origin > 0 && !c.uncertain && is_scalar(&c.ty)).map(|c| (c.origin, c.name)));
            }
            let (null_left, null_right) = (found_left.as_ref().is_none_or(|c| c.nullable), found_right.as_ref().is_none_or(|c| c.nullable));
            let mut merged = match (join.kind, found_left, found_right) {
                (JoinKind::Right, _, Some(right)) => right,
                (_, Some(left), right) => Column { ty: if left.ty == Type::Unknown { right.map_or(Type::Unknown, |r| r.ty) } else { left.ty.clone() }, ..left },
                (_, None, Some(right)) => right,
                (_, None, None) => Column::computed(name, Type::Unknown),
            };
            merged.nullable = match join.kind {
                // equal values are no NULLs
                JoinKind::Inner | JoinKind::Cross => null_left && null_right,
                JoinKind::Left => null_left,
                JoinKind::Right => null_right,
                JoinKind::Full => null_left || null_right,
            };
            if join.kind == JoinKind::Full {
                // neither side's column
                self.origins += 1;
                merged.origin = self.origins;
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
        (Rte { columns, open: open_left || open_right, ordered: ordered_left && ordered_right && !join.natural, ..Rte::default() }, present)
    }

    pub(super) fn using_column(&mut self, side: &[Column], name: Symbol, ident: Option<Ident>, open: bool, which: &str) -> Option<Column> {
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

fn conflict(old: &Item, new: &Item) -> Option<Symbol> {
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
fn place_of(item: &FromItem, name: Symbol) -> Option<crate::source::Span> {
    if let Some(alias) = item.alias.as_ref().and_then(|a| a.name) {
        return (alias.name == name).then_some(alias.span);
    }
    match &item.kind {
        FromKind::Table(table, _) => (table.name.name == name).then_some(table.name.span),
        FromKind::Join(join) => place_of(&join.right, name).or_else(|| place_of(&join.left, name)),
        _ => None,
    }
}
