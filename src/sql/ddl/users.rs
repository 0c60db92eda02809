//! What names a type besides columns: arguments and results of functions, attributes of composite types, domains.

use super::Ddl;
use crate::schema::{Argument, Function, QualifiedName, Returns, types};

impl Ddl {
    /// Whether a type's text names that type, or an array of it.
    pub(super) fn names_type(&self, ty: &str, name: &QualifiedName) -> bool {
        types::parse(ty).is_some_and(|t| {
            !t.builtin && t.name == name.name && t.schema.as_deref().map_or_else(|| self.unqualified().drops(&name.schema), |s| s == name.schema)
        })
    }

    /// A type has another name: `before` and `after` are its texts.
    pub(super) fn retype(&mut self, old: &QualifiedName, before: &str, after: &str) {
        let mut schema = std::mem::take(&mut self.schema);
        self.schema.search_path.clone_from(&schema.search_path);
        let change = |ty: &mut String| {
            if self.names_type(ty, old) {
                *ty = ty.replacen(before, after, 1);
            }
        };
        for relation in schema.relations.values_mut().map(|r| &mut **r) {
            for c in &mut relation.columns {
                c.default = c.default.take().map(|d| recast(&d, before, after));
                c.generated.iter_mut().for_each(|g| g.expression = recast(&g.expression, before, after));
            }
            relation.checks.values_mut().chain(relation.exclusions.values_mut()).for_each(|c| *c = recast(c, before, after));
            relation.indexes.iter_mut().for_each(|i| i.definition = recast(&i.definition, before, after));
        }
        schema.composites.values_mut().flatten().for_each(|(_, ty)| change(ty));
        schema.domains.values_mut().for_each(|d| change(&mut d.base));
        for function in schema.functions.values_mut().flatten() {
            for a in &mut function.arguments {
                change(&mut a.ty);
                a.default = a.default.take().map(|d| recast(&d, before, after));
            }
            match &mut function.returns {
                Returns::One(ty) | Returns::SetOf(ty) => change(ty),
                Returns::Table(columns) => columns.iter_mut().for_each(|(_, ty)| change(ty)),
                Returns::Nothing => {}
            }
        }
        self.schema = schema;
    }

    /// `DROP TYPE … CASCADE` (or of a table, which is a type, too): views, functions and domains go, tables and composite types lose the column.
    pub(super) fn drop_users_of_type(&mut self, name: &QualifiedName) {
        for (table, column) in self.columns_of_type(name) {
            if self.views.contains_key(&table) {
                self.drop_relation(&table);
            } else {
                self.drop_column(&table, &column, true);
            }
        }
        let uses = |f: &Function, is: &dyn Fn(&str) -> bool| {
            let results = match &f.returns {
                Returns::One(ty) | Returns::SetOf(ty) => is(ty),
                Returns::Table(columns) => columns.iter().any(|c| is(&c.1)),
                Returns::Nothing => false,
            };
            results || f.arguments.iter().any(|a: &Argument| is(&a.ty))
        };
        let is = |ty: &str| self.names_type(ty, name);
        let gone: Vec<(QualifiedName, usize)> = self
            .schema
            .functions
            .iter()
            .flat_map(|(n, all)| all.iter().enumerate().filter(|(_, f)| uses(f, &is)).map(|(i, _)| (n.clone(), i)).collect::<Vec<_>>())
            .collect();
        let attributes: Vec<(QualifiedName, String)> = self
            .schema
            .composites
            .iter()
            .flat_map(|(n, all)| all.iter().filter(|(_, ty)| is(ty)).map(|(a, _)| (n.clone(), a.clone())).collect::<Vec<_>>())
            .collect();
        let domains: Vec<QualifiedName> = self.schema.domains.iter().filter(|(_, d)| is(&d.base)).map(|(n, _)| n.clone()).collect();
        for (function, n) in gone.into_iter().rev() {
            if let Some(all) = self.schema.functions.get_mut(&function) {
                all.remove(n);
                if all.is_empty() {
                    self.schema.functions.remove(&function);
                }
            }
        }
        for (composite, attribute) in attributes {
            if let Some(all) = self.schema.composites.get_mut(&composite) {
                all.retain(|(a, _)| *a != attribute);
            }
        }
        for domain in domains {
            self.schema.domains.remove(&domain);
            self.drop_users_of_type(&domain);
        }
    }
}

/// An expression in which casts to a type name it anew.
pub(super) fn recast(text: &str, before: &str, after: &str) -> String {
    let cast = format!("::{before}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = rest.find(&cast) {
        let end = n + cast.len();
        // `::mood` is no part of `::moody`.
        let whole = !rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        out.push_str(&rest[..n]);
        out.push_str("::");
        out.push_str(if whole { after } else { before });
        rest = &rest[end..];
    }
    out + rest
}
