//! From the rows of the catalog to a [`Schema`]. One query a kind of object; all values as text.

use std::collections::BTreeMap;

use postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::{LiveError, Pulled};
use crate::schema::expression::Printer;
use crate::schema::lock::line::{Words, closing, read_index};
use crate::schema::types::{self, Unqualified};
use crate::schema::{
    ArgMode, Argument, Column, Domain, ForeignKey, Function, Generated, Identity, Index, QualifiedName, Relation, RelationKind, Returns, Schema, Unique,
};

/// One transaction, so that all queries see the same moment; read-only; and nothing waits for long. Extensions and tables are named in full.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off; SET LOCAL intervalstyle = 'postgres'; SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL timezone = 'UTC'";

type Rows = Vec<SimpleQueryRow>;

/// Reads everything. The outer error is the connection's, the inner ours.
pub(super) fn read(client: &mut Client) -> Result<Result<Pulled, LiveError>, postgres::Error> {
    let mut ask = |sql: &str| -> Result<Rows, postgres::Error> {
        let messages = client.simple_query(sql)?;
        Ok(messages.into_iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None }).collect())
    };
    let version = ask("SHOW server_version_num")?;
    let number = version.first().and_then(|row| row.get(0)).and_then(|v| v.parse::<u32>().ok()).unwrap_or_default();
    if number < 120_000 {
        return Ok(Err(LiveError::with_help(
            format!("the server is PostgreSQL {}.{}; versions 12 and later are read", number / 10_000, number / 100 % 100),
            "`pg_dump -s` writes a file that `dbtruth pull --from` reads",
        )));
    }
    let path = ask("SHOW search_path")?;
    ask(BEGIN)?;
    let extensions = ask("SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace")?;
    let extensions: Vec<String> = extensions.iter().map(|row| text(row, 0)).collect();
    let mut reader = Reader { schema: Schema::new(), search_path: search_path(path.first(), &extensions), extensions };
    reader.types(&ask(include_str!("types.sql"))?);
    reader.relations(&ask(include_str!("relations.sql"))?);
    reader.columns(&ask(include_str!("columns.sql"))?);
    reader.constraints(&ask(include_str!("constraints.sql"))?);
    reader.indexes(&ask(include_str!("indexes.sql"))?);
    for row in ask(include_str!("sequences.sql"))? {
        reader.schema.sequences.insert(name(&row));
    }
    reader.functions(&ask(include_str!("functions.sql"))?);
    let pairs = |rows: Rows| rows.iter().map(|row| (name(row), text(row, 2))).collect();
    let definitions = pairs(ask(include_str!("views.sql"))?);
    let doubtful = pairs(ask(include_str!("doubtful.sql"))?);
    ask("ROLLBACK")?;
    Ok(Ok(Pulled { schema: reader.finish(), definitions, doubtful }))
}

/// The path without the schemas that only hold extensions: what those bring is in no lock.
fn search_path(row: Option<&SimpleQueryRow>, extensions: &[String]) -> Vec<String> {
    let text = row.and_then(|row| row.get(0)).unwrap_or_default().to_owned();
    let parts = text.split(',').map(|part| part.trim().trim_matches('"').replace("\"\"", "\""));
    let path: Vec<String> = parts.filter(|p| !p.is_empty() && p != "$user" && p != "pg_catalog" && (p == "public" || !extensions.contains(p))).collect();
    if path.is_empty() { vec!["public".to_owned()] } else { path }
}

fn text(row: &SimpleQueryRow, n: usize) -> String {
    row.get(n).unwrap_or_default().to_owned()
}

fn flag(row: &SimpleQueryRow, n: usize) -> bool {
    matches!(row.get(n), Some("t" | "true"))
}

fn name(row: &SimpleQueryRow) -> QualifiedName {
    QualifiedName::new(text(row, 0), text(row, 1))
}

/// A JSON array in a column; nothing for NULL.
fn list<T: serde::de::DeserializeOwned>(row: &SimpleQueryRow, n: usize) -> Vec<T> {
    row.get(n).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

struct Reader {
    schema: Schema,
    search_path: Vec<String>,
    extensions: Vec<String>,
}

impl Reader {
    fn names(&self) -> Unqualified<'_> {
        Unqualified { search_path: &self.search_path, extensions: &self.extensions }
    }

    fn ty(&self, text: &str) -> String {
        types::canonical(text, self.names())
    }

    fn printer<'a>(&'a self, column_type: &'a dyn Fn(&str) -> Option<String>) -> Printer<'a> {
        Printer { names: self.names(), column_type }
    }

    /// A domain's base type, all the way down.
    fn base_type(&self, ty: &str) -> String {
        let mut current = ty.to_owned();
        for _ in 0..16 {
            let Some(parsed) = types::parse(&current).filter(|t| !t.builtin && !t.array) else { break };
            let schemas = parsed.schema.as_ref().map_or_else(|| self.search_path.clone(), |s| vec![s.clone()]);
            let Some(domain) = schemas.iter().find_map(|s| self.schema.domains.get(&QualifiedName::new(s, &parsed.name))) else { break };
            current.clone_from(&domain.base);
        }
        current
    }

    fn types(&mut self, rows: &Rows) {
        // Domains may stand on domains that come later: first all base types, then what depends on them.
        for row in rows {
            let name = name(row);
            match row.get(2) {
                Some("e") => {
                    self.schema.enums.insert(name, list(row, 6));
                }
                Some("c") => {
                    let columns = list::<(String, String)>(row, 7).into_iter().map(|(column, ty)| (column, self.ty(&ty))).collect();
                    self.schema.composites.insert(name, columns);
                }
                Some("r") => {
                    let subtype = self.ty(&text(row, 8));
                    self.schema.ranges.insert(name, subtype);
                }
                Some("d") => {
                    let base = self.ty(&text(row, 4));
                    self.schema.domains.insert(name, Domain { base, not_null: flag(row, 3), default: None, checks: BTreeMap::new() });
                }
                _ => {}
            }
        }
        for row in rows.iter().filter(|row| row.get(2) == Some("d")) {
            let name = name(row);
            let base = self.schema.domains.get(&name).map(|d| self.base_type(&d.base)).unwrap_or_default();
            let column_type = |column: &str| (column == "value").then(|| base.clone());
            let printer = self.printer(&column_type);
            let default = row.get(5).and_then(|d| printer.default(d, &base));
            let checks = list::<(String, String)>(row, 9).into_iter().map(|(name, definition)| (name, printer.condition(check_body(&definition)))).collect();
            if let Some(domain) = self.schema.domains.get_mut(&name) {
                domain.default = default;
                domain.checks = checks;
            }
        }
    }

    fn relations(&mut self, rows: &Rows) {
        for row in rows {
            let kind = match row.get(2) {
                Some("v") => RelationKind::View,
                Some("m") => RelationKind::MaterializedView,
                Some("f") => RelationKind::ForeignTable,
                _ => RelationKind::Table,
            };
            let mut relation = Relation::new(kind);
            relation.physical_order = Some(Vec::new());
            relation.comment = row.get(3).map(str::to_owned);
            self.schema.relations.insert(name(row), relation.into());
        }
    }

    fn columns(&mut self, rows: &Rows) {
        // Types first: expressions of generated columns name others.
        for row in rows {
            let mut column = Column::new(text(row, 2), self.ty(&text(row, 3)));
            column.not_null = flag(row, 4);
            column.identity = match row.get(5) {
                Some("a") => Some(Identity::Always),
                Some("d") => Some(Identity::ByDefault),
                _ => None,
            };
            column.comment = row.get(8).map(str::to_owned);
            if let Some(relation) = self.schema.relations.get_mut(&name(row)) {
                relation.put_column(column);
            }
        }
        for row in rows {
            let (Some(expression), table) = (row.get(7), name(row)) else { continue };
            let Some(ty) = self.schema.relations.get(&table).and_then(|r| r.column(&text(row, 2))).map(|c| c.ty.clone()) else { continue };
            let generated = row.get(6).filter(|g| !g.is_empty()).map(|g| Generated { expression: self.condition(&table, expression), stored: g == "s" });
            let default = if generated.is_some() { None } else { self.printer(&|_| None).default(expression, &ty) };
            if let Some(column) = self.schema.relations.get_mut(&table).and_then(|r| r.column_mut(&text(row, 2))) {
                column.generated = generated;
                column.default = default;
            }
        }
    }

    fn condition(&self, table: &QualifiedName, text: &str) -> String {
        self.with_columns(table, |p| p.condition(text))
    }

    fn with_columns<T>(&self, table: &QualifiedName, run: impl FnOnce(&Printer<'_>) -> T) -> T {
        let relation = self.schema.relations.get(table);
        let column_type = |column: &str| Some(self.base_type(&relation?.column(column)?.ty));
        run(&self.printer(&column_type))
    }

    fn constraints(&mut self, rows: &Rows) {
        for row in rows {
            let table = name(row);
            let (constraint, columns, definition) = (text(row, 2), list::<String>(row, 4), text(row, 8));
            let check = (row.get(3) == Some("c")).then(|| self.condition(&table, check_body(&definition)));
            let exclusion = (row.get(3) == Some("x")).then(|| self.with_columns(&table, |p| p.exclusion(definition.trim_start_matches("EXCLUDE"))));
            let Some(relation) = self.schema.relations.get_mut(&table) else { continue };
            match row.get(3) {
                Some("p") => {
                    relation.primary_key = columns;
                    relation.primary_key_name = Some(constraint).filter(|n| *n != crate::schema::primary_key_name(&table.name));
                }
                Some("u") => relation.unique.push(Unique { name: constraint, columns, nulls_not_distinct: row.get(9) == Some("true") }),
                Some("f") => {
                    let target = QualifiedName::new(text(row, 5), text(row, 6));
                    relation.foreign_keys.push(ForeignKey {
                        name: constraint,
                        columns,
                        target,
                        target_columns: list(row, 7),
                        actions: foreign_key_actions(&definition),
                    });
                }
                _ => {
                    relation.checks.extend(check.map(|c| (constraint.clone(), c)));
                    relation.exclusions.extend(exclusion.map(|x| (constraint, x)));
                }
            }
        }
    }

    fn indexes(&mut self, rows: &Rows) {
        for row in rows {
            let (table, index, definition) = (name(row), text(row, 2), text(row, 4));
            // `CREATE UNIQUE INDEX name ON [ONLY] schema.table USING btree (…)`
            let mut words = Words::new(&definition);
            let using = std::iter::from_fn(|| words.next_word()).find(|(_, word)| *word == "USING").map_or(0, |(at, _)| at);
            let definition = self.with_columns(&table, |p| p.index(&definition[using..]));
            let parsed = read_index(&index, &definition);
            let (keys, partial) = parsed.map(|p| (p.keys, p.partial)).unwrap_or_default();
            if let Some(relation) = self.schema.relations.get_mut(&table) {
                relation.indexes.push(Index { name: index, unique: flag(row, 3), definition, keys, partial });
            }
        }
    }

    fn functions(&mut self, rows: &Rows) {
        for row in rows {
            let names: Vec<String> = list(row, 5);
            let modes: Vec<String> = list(row, 6);
            let types: Vec<String> = list(row, 7);
            let defaults: Vec<Option<String>> = list(row, 8);
            let mut arguments = Vec::new();
            let mut columns = Vec::new();
            for (n, ty) in types.iter().enumerate() {
                let ty = self.ty(ty);
                let argument = names.get(n).filter(|a| !a.is_empty()).cloned();
                let mode = match modes.get(n).map(String::as_str) {
                    Some("o") => ArgMode::Out,
                    Some("b") => ArgMode::InOut,
                    Some("v") => ArgMode::Variadic,
                    Some("t") => {
                        columns.push((argument.unwrap_or_default(), ty));
                        continue;
                    }
                    None if flag(row, 9) && n + 1 == types.len() => ArgMode::Variadic,
                    _ => ArgMode::In,
                };
                let printer = |text: &String| self.printer(&|_| None).default(text, &ty).unwrap_or_else(|| "null".to_owned());
                let default = defaults.get(n).and_then(Option::as_ref).map(printer);
                arguments.push(Argument { name: argument, ty, mode, default });
            }
            let result = self.ty(&text(row, 4));
            let returns = match row.get(2) {
                Some("p") => Returns::Nothing,
                Some("a") => Returns::One("aggregate".to_owned()),
                _ if !columns.is_empty() => Returns::Table(columns),
                _ if flag(row, 3) => Returns::SetOf(result),
                _ => Returns::One(result),
            };
            self.schema.functions.entry(name(row)).or_default().push(Function { arguments, returns, at: None });
        }
    }

    fn finish(mut self) -> Schema {
        for relation in self.schema.relations.values_mut() {
            relation.unique.sort_by(|a, b| a.name.cmp(&b.name));
            relation.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
            relation.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.schema.search_path = self.search_path;
        self.schema
    }
}

/// What stands between the parentheses of `CHECK (…) NOT VALID`.
fn check_body(definition: &str) -> &str {
    let Some(open) = definition.find('(') else { return definition };
    closing(&definition[open..]).map_or(definition, |end| &definition[open + 1..open + end - 1])
}

/// What follows the column lists of `FOREIGN KEY (a) REFERENCES t(b) …`.
fn foreign_key_actions(definition: &str) -> String {
    let mut rest = definition;
    for _ in 0..2 {
        let Some(open) = rest.find('(') else { return String::new() };
        let Some(end) = closing(&rest[open..]) else { return String::new() };
        rest = &rest[open + end..];
    }
    let rest = rest.trim().trim_end_matches("NOT VALID").trim();
    let rest = rest.strip_suffix("NOT ENFORCED").unwrap_or(rest).trim();
    let mut out = String::with_capacity(rest.len());
    let mut words = Words::new(rest);
    let mut from = 0;
    while let Some((at, word)) = words.next_word() {
        out.push_str(&rest[from..at]);
        out.push_str(&word.to_ascii_lowercase());
        from = at + word.len();
    }
    out.push_str(&rest[from..]);
    out
}
