//! A plan as a revision of Alembic.

use std::path::PathBuf;

use super::{Change, NewColumn, Plan};
use crate::generate;
use crate::rules::Context;
use crate::schema::{QualifiedName, Schema};

/// Where a new revision goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The folder of revisions, relative as reported.
    pub folder: PathBuf,
    /// The revision to follow.
    pub revision: String,
}

/// The head of the project's Alembic history; `Ok(None)` where there is no history.
///
/// # Errors
/// When there are several: a revision cannot follow two.
pub fn head(context: &Context<'_, '_>) -> Result<Option<Head>, String> {
    let mut found = Vec::new();
    for history in context.histories() {
        for head in history.graph.heads() {
            let folder = PathBuf::from(&head.path).parent().map(PathBuf::from).unwrap_or_default();
            found.push(Head { folder, revision: head.id.clone() });
        }
    }
    if found.len() > 1 {
        return Err(format!("there are {} heads: {}", found.len(), found.iter().map(|h| h.revision.as_str()).collect::<Vec<_>>().join(", ")));
    }
    Ok(found.pop())
}

/// The revision's id and its text. The id depends on what it does and what it follows.
pub fn revision(schema: &Schema, plan: &Plan, down: Option<&str>) -> (String, String) {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in down.unwrap_or("").bytes().chain(super::sql(plan).bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let id = format!("{:012x}", hash & 0xffff_ffff_ffff);
    let (labels, rest): (Vec<&Change>, Vec<&Change>) = plan.changes.iter().partition(|c| matches!(c, Change::AddLabel { .. }));
    let mut body = Vec::new();
    for note in &plan.notes {
        body.push(format!("# {note}"));
    }
    if !labels.is_empty() {
        body.push("# A new label cannot be used in the transaction that adds it.".to_owned());
        body.push("with op.get_context().autocommit_block():".to_owned());
        body.extend(labels.iter().map(|c| format!("    op.execute({})", string(&c.sql()))));
    }
    for change in rest {
        body.extend(change.caution().map(|c| format!("# {c}")));
        body.extend(up(schema, change));
    }
    if plan.changes.is_empty() {
        body.push("pass".to_owned());
    }
    let mut back: Vec<String> = plan.changes.iter().rev().flat_map(|c| down_of(schema, c)).collect();
    if back.iter().all(|l| l.starts_with('#')) {
        back.push("pass".to_owned());
    }
    let indent = |lines: &[String]| lines.iter().map(|l| format!("    {l}\n")).collect::<String>();
    let (up, back) = (indent(&body), indent(&back));
    let used = |name: &str| up.contains(name) || back.contains(name);
    let mut imports = String::new();
    if used("sa.") {
        imports.push_str("import sqlalchemy as sa\n");
    }
    imports.push_str("from alembic import op\n");
    if used("postgresql.") {
        imports.push_str("from sqlalchemy.dialects import postgresql\n");
    }
    let follows = down.map_or_else(|| "None".to_owned(), string);
    let text = format!(
        "\"\"\"Bring the database to the models\n\nWritten by `dbtruth fix --migration`; read it before you run it.\n\"\"\"\n\n{imports}\nrevision = {}\ndown_revision = {follows}\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade() -> None:\n{up}\n\ndef downgrade() -> None:\n{back}",
        string(&id)
    );
    (id, text)
}

fn string(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// The table's name, and its schema where it is not the usual one.
fn at(table: &QualifiedName) -> (String, String) {
    let schema = if table.schema == "public" { String::new() } else { format!(", schema={}", string(&table.schema)) };
    (string(&table.name), schema)
}

fn ty(schema: &Schema, sql: &str) -> Option<String> {
    generate::sqlalchemy_type(schema, sql).map(|t| t.replace("pg.", "postgresql."))
}

/// Enums exist already: the column must not make its own.
fn existing(text: String) -> String {
    match text.strip_suffix(')') {
        Some(inner) if text.starts_with("postgresql.ENUM(") => format!("{inner}, create_type=False)"),
        _ => text,
    }
}

fn column(schema: &Schema, c: &NewColumn) -> Option<String> {
    let identity = if c.identity { ", sa.Identity()" } else { "" };
    Some(format!("sa.Column({}, {}{identity}, nullable={})", string(&c.name), existing(ty(schema, &c.ty)?), if c.not_null { "False" } else { "True" }))
}

fn execute(change: &Change) -> Vec<String> {
    vec![format!("op.execute({})", string(&change.sql()))]
}

fn up(schema: &Schema, change: &Change) -> Vec<String> {
    match change {
        Change::RenameColumn { table, from, to } => {
            let (name, namespace) = at(table);
            vec![format!("op.alter_column({name}, {}, new_column_name={}{namespace})", string(from), string(to))]
        }
        Change::AddColumn { table, column: c } => {
            let (name, namespace) = at(table);
            column(schema, c).map_or_else(|| execute(change), |made| vec![format!("op.add_column({name}, {made}{namespace})")])
        }
        Change::Null { table, column, may } => {
            let (name, namespace) = at(table);
            vec![format!("op.alter_column({name}, {}, nullable={}{namespace})", string(column), if *may { "True" } else { "False" })]
        }
        Change::DropColumn { table, column } => {
            let (name, namespace) = at(table);
            vec![format!("op.drop_column({name}, {}{namespace})", string(column))]
        }
        Change::DropConstraint { table, name: constraint, kind } => {
            let (name, namespace) = at(table);
            vec![format!("op.drop_constraint({}, {name}, type_={}{namespace})", string(constraint), string(kind))]
        }
        _ => execute(change),
    }
}

/// The way back, where there is one.
fn down_of(schema: &Schema, change: &Change) -> Vec<String> {
    match change {
        Change::RenameColumn { table, from, to } => up(schema, &Change::RenameColumn { table: table.clone(), from: to.clone(), to: from.clone() }),
        Change::AddColumn { table, column } => up(schema, &Change::DropColumn { table: table.clone(), column: column.name.clone() }),
        Change::Null { table, column, may } => up(schema, &Change::Null { table: table.clone(), column: column.clone(), may: !may }),
        Change::Retype { table, column, from, to } => {
            execute(&Change::Retype { table: table.clone(), column: column.clone(), from: to.clone(), to: from.clone() })
        }
        Change::CreateTable { table, .. } => {
            let (name, namespace) = at(table);
            vec![format!("op.drop_table({name}{namespace})")]
        }
        Change::DropColumn { table, column } => vec![format!("# `{}.{column}`: what was dropped does not come back", table.name)],
        Change::AddLabel { of, label } => vec![format!("# enum {of}: a label ({label}) cannot be taken away")],
        Change::DropConstraint { name, .. } => vec![format!("# constraint {name}: write it anew by hand")],
        Change::PrimaryKey { table, .. } | Change::Unique { table, .. } | Change::ForeignKey { table, .. } => {
            vec![format!("# {}: PostgreSQL chose the constraint's name; drop it by hand", table.name)]
        }
    }
}
