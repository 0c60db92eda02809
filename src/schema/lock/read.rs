//! From the document to the [`Schema`]: which keys there are, and what each holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::full::{LOCK, Shape};
use super::line;
use super::node::{self, Key, Node, Value};
use crate::schema::lazy::{LazyRelation, Unread};
use crate::schema::{Column, Incomplete, QualifiedName, Relation, RelationKind, Schema, Unique};
use crate::source::Span;

/// What is wrong, and where.
pub(super) struct Problem {
    pub at: Span,
    pub message: String,
    pub help: Option<String>,
}

impl Problem {
    fn new(at: Span, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }
}

type Result<T> = std::result::Result<T, Problem>;
type Entries<'a> = Vec<(Key<'a>, Node<'a>)>;

/// The sections whose entries are most of a lock.
const LARGE: [(&str, RelationKind); 2] = [("tables", RelationKind::Table), ("views", RelationKind::View)];

/// The schema of a document in the form that we write ourselves, table by table; `None` where it is not in that form or anything is wrong with it.
pub(super) fn canonical(text: &str) -> Option<Schema> {
    let mut relations = BTreeMap::new();
    let mut last = (String::new(), String::new());
    let node = node::read_by(text, &LARGE.map(|(name, _)| name), &mut |section, key, value| {
        let kind = LARGE.iter().find(|(name, _)| *name == section)?.1;
        // Sorted as we write them, none can stand twice.
        if last.0 == section && *last.1 >= *key.text {
            return None;
        }
        let named = name(&key).ok()?;
        let mut relation = relation(value, kind, &named, text).ok()?;
        relation.at = Some(key.at).filter(|at| !at.is_empty());
        last = (section.to_owned(), key.text.into_owned());
        relations.insert(named, relation.into()).is_none().then_some(())
    })?;
    complete(Schema { relations, ..Schema::default() }, node, text).ok()
}

/// The same of a text of which [`canonical`] is known to give a schema: a relation is read when someone looks at it.
pub(super) fn known(text: &Arc<str>) -> Option<Schema> {
    let mut relations = BTreeMap::new();
    let node = node::keys_by(text, &LARGE.map(|(name, _)| name), &mut |section, key, at| {
        let kind = LARGE.iter().find(|(name, _)| *name == section)?.1;
        let unread = Unread { text: Arc::clone(text), at: u32::try_from(at).ok()?, kind, read: unread };
        relations.insert(name(&key).ok()?, LazyRelation::unread(unread)).is_none().then_some(())
    })?;
    complete(Schema { relations, ..Schema::default() }, node, text).ok()
}

fn unread(unread: &Unread) -> Option<Relation> {
    let (key, value) = node::entry_at(&unread.text, unread.at as usize)?;
    let mut relation = relation(value, unread.kind, &name(&key).ok()?, &unread.text).ok()?;
    relation.at = Some(key.at).filter(|at| !at.is_empty());
    Some(relation)
}

/// The schema that the document describes.
pub(super) fn schema(node: Node<'_>, text: &str) -> Result<Schema> {
    complete(Schema::default(), node, text)
}

/// Adds what a document says to a schema.
fn complete(mut schema: Schema, node: Node<'_>, text: &str) -> Result<Schema> {
    let entries = map(node, "the lock")?;
    check_version(&entries)?;
    let fields = if let Shape::Fields(fields) = LOCK { fields } else { &[] };
    for (key, value) in unique(entries, text)? {
        match &*key.text {
            "version" => {}
            "search_path" => schema.search_path = texts(value)?,
            "tables" => relations(&mut schema, value, RelationKind::Table, text)?,
            "views" => relations(&mut schema, value, RelationKind::View, text)?,
            "enums" => {
                for (key, value) in dictionary(value, text)? {
                    let name = name(&key)?;
                    schema.enums.insert(name, texts(value)?);
                }
            }
            "domains" => {
                for (key, value) in dictionary(value, text)? {
                    let at = value.at;
                    let domain = line::read_domain(&scalar(value)?).map_err(|message| Problem::new(at, message))?;
                    schema.domains.insert(name(&key)?, domain);
                }
            }
            "composites" => {
                for (key, value) in dictionary(value, text)? {
                    let columns = composite(value, text)?;
                    schema.composites.insert(name(&key)?, columns);
                }
            }
            "ranges" => {
                for (key, value) in dictionary(value, text)? {
                    schema.ranges.insert(name(&key)?, scalar(value)?.into_owned());
                }
            }
            "sequences" => {
                for text in list(value)? {
                    let at = text.at;
                    schema.sequences.insert(qualified(&scalar(text)?, at)?);
                }
            }
            "functions" => functions(&mut schema, value, text)?,
            "incomplete" => schema.incomplete = incomplete(value, text)?,
            _ => return Err(unknown(&key, fields.iter().map(|(name, _)| *name))),
        }
    }
    for entry in schema.incomplete.iter().filter(|e| !e.leaves_columns()) {
        if let Some((name, rest)) = line::schema_part(&entry.object)
            && let Some(relation) = schema.relations.get_mut(&QualifiedName::new(name, rest))
        {
            relation.open = true;
        }
    }
    Ok(schema)
}

fn check_version(entries: &Entries<'_>) -> Result<()> {
    let Some((key, value)) = entries.iter().find(|(key, _)| key.text == "version") else {
        let mut problem = Problem::new(Span::default(), "the lock does not say its `version`");
        problem.help = Some("write it anew with `dbtruth pull`".to_owned());
        return Err(problem);
    };
    match &value.value {
        Value::Text(text) if text == "1" => Ok(()),
        Value::Text(text) => {
            let mut problem = Problem::new(value.at, format!("unknown lock version `{text}`; this dbtruth reads version 1"));
            problem.help = Some("update dbtruth, or write the lock anew with `dbtruth pull`".to_owned());
            Err(problem)
        }
        _ => Err(Problem::new(key.at, "`version` must be a number")),
    }
}

fn relations(schema: &mut Schema, value: Node<'_>, kind: RelationKind, text: &str) -> Result<()> {
    for (key, value) in dictionary(value, text)? {
        let name = name(&key)?;
        let mut relation = relation(value, kind, &name, text)?;
        relation.at = Some(key.at).filter(|at| !at.is_empty());
        if schema.relations.insert(name, relation.into()).is_some() {
            return Err(Problem::new(key.at, format!("`{}` stands under both `tables` and `views`", key.text)));
        }
    }
    Ok(())
}

fn relation(node: Node<'_>, kind: RelationKind, name: &QualifiedName, text: &str) -> Result<Relation> {
    let mut relation = Relation::new(kind);
    let mut comments = Vec::new();
    for (key, value) in dictionary(node, text)? {
        match &*key.text {
            "kind" => relation.kind = relation_kind(&key, value)?,
            "comment" => relation.comment = Some(scalar(value)?.into_owned()),
            "columns" => relation.columns = columns(value, text)?,
            "column comments" => comments = dictionary(value, text)?,
            "primary key" => relation.primary_key = texts(value)?,
            "primary key name" => relation.primary_key_name = Some(scalar(value)?.into_owned()),
            "unique" | "unique nulls not distinct" => {
                let nulls_not_distinct = key.text.len() > "unique".len();
                for (key, value) in dictionary(value, text)? {
                    relation.unique.push(Unique { name: key.text.into_owned(), columns: texts(value)?, nulls_not_distinct });
                }
            }
            "foreign keys" => {
                for (key, value) in dictionary(value, text)? {
                    let read = |value: &str| line::read_foreign_key(&key.text, value).ok_or("expected `(columns) references schema.table (columns)`");
                    relation.foreign_keys.push(parsed(value, read)?);
                }
            }
            "checks" => relation.checks = text_map(value, text)?,
            "exclusions" => relation.exclusions = text_map(value, text)?,
            "indexes" => {
                for (key, value) in dictionary(value, text)? {
                    let read = |value: &str| line::read_index(&key.text, value).ok_or("expected `[unique] method (keys)`");
                    relation.indexes.push(parsed(value, read)?);
                }
            }
            _ => {
                let known = "kind, comment, columns, column comments, primary key, primary key name, unique, unique nulls not distinct, foreign keys, checks, exclusions, indexes";
                return Err(unknown(&key, known.split(", ")));
            }
        }
    }
    relation.unique.sort_by(|a, b| a.name.cmp(&b.name));
    relation.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
    relation.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    for (key, value) in comments {
        let Some(column) = relation.column_mut(&key.text) else {
            return Err(Problem::new(key.at, format!("`column comments` names `{}`, which `{name}` does not have", key.text)));
        };
        column.comment = Some(scalar(value)?.into_owned());
    }
    Ok(relation)
}

fn relation_kind(key: &Key<'_>, value: Node<'_>) -> Result<RelationKind> {
    let at = if value.at.is_empty() { key.at } else { value.at };
    match &*scalar(value)? {
        "table" => Ok(RelationKind::Table),
        "foreign" => Ok(RelationKind::ForeignTable),
        "view" => Ok(RelationKind::View),
        "materialized" => Ok(RelationKind::MaterializedView),
        other => Err(Problem::new(at, format!("unknown kind `{other}`; expected `table`, `foreign`, `view` or `materialized`"))),
    }
}

fn columns(node: Node<'_>, text: &str) -> Result<Vec<Column>> {
    let entries = dictionary(node, text)?;
    let mut columns = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let at = value.at;
        let place = if at.is_empty() { key.at } else { key.at.cover(at) };
        let mut column = line::read_column(&key.text, &scalar(value)?).map_err(|message| Problem::new(place, message))?;
        column.at = Some(place).filter(|at| !at.is_empty());
        columns.push(column);
    }
    if !columns.is_sorted_by(|a, b| a.name < b.name) {
        columns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(columns)
}

/// `{columns: {city: text}}`, or for short `{city: text}`.
fn composite(node: Node<'_>, text: &str) -> Result<Vec<(String, String)>> {
    let mut entries = dictionary(node, text)?;
    if let [(key, Node { value: Value::Map(_) | Value::Nothing, .. })] = entries.as_slice()
        && key.text == "columns"
    {
        let (_, inner) = entries.swap_remove(0);
        entries = dictionary(inner, text)?;
    }
    entries.into_iter().map(|(key, value)| Ok((key.text.into_owned(), line::read_column("", &scalar(value)?).map(|c| c.ty).unwrap_or_default()))).collect()
}

fn functions(schema: &mut Schema, value: Node<'_>, text: &str) -> Result<()> {
    for (key, value) in dictionary(value, text)? {
        let Some((name, mut function)) = line::read_function(&key.text, &scalar(value)?) else {
            return Err(Problem::new(key.at, format!("cannot read the function `{}`; expected `schema.name(arguments): result`", key.text)));
        };
        function.at = Some(key.at).filter(|at| !at.is_empty());
        schema.functions.entry(name).or_default().push(function);
    }
    Ok(())
}

fn incomplete(value: Node<'_>, text: &str) -> Result<Vec<Incomplete>> {
    let mut out = Vec::new();
    for item in list(value)? {
        let mut entry = Incomplete { object: String::new(), reason: String::new() };
        for (key, value) in unique(map(item, "an entry of `incomplete`")?, text)? {
            match &*key.text {
                "object" => entry.object = scalar(value)?.into_owned(),
                "reason" => entry.reason = scalar(value)?.into_owned(),
                _ => return Err(unknown(&key, ["object", "reason"].into_iter())),
            }
        }
        out.push(entry);
    }
    out.sort();
    out.dedup();
    Ok(out)
}

fn unknown<'k>(key: &Key<'_>, known: impl Iterator<Item = &'k str>) -> Problem {
    let near = known.map(|name| (strsim::damerau_levenshtein(name, &key.text), name)).min().filter(|(distance, _)| *distance <= 3);
    let help = near.map(|(_, name)| format!("did you mean `{name}`?"));
    Problem { at: key.at, message: format!("unknown key `{}` in the lock", key.text), help }
}

fn parsed<T>(value: Node<'_>, read: impl Fn(&str) -> std::result::Result<T, &'static str>) -> Result<T> {
    let at = value.at;
    let text = scalar(value)?;
    read(&text).map_err(|expected| Problem::new(at, format!("cannot read `{text}`: {expected}")))
}

fn name(key: &Key<'_>) -> Result<QualifiedName> {
    qualified(&key.text, key.at)
}

fn qualified(text: &str, at: Span) -> Result<QualifiedName> {
    let (schema, rest) = line::schema_part(text).ok_or_else(|| Problem::new(at, format!("`{text}` does not name a schema; expected `schema.name`")))?;
    Ok(QualifiedName::new(schema, rest))
}

fn map<'a>(node: Node<'a>, what: &str) -> Result<Entries<'a>> {
    match node.value {
        Value::Map(entries) => Ok(entries),
        Value::Nothing => Ok(Vec::new()),
        _ => Err(Problem::new(node.at, format!("{what} must be a map"))),
    }
}

fn dictionary<'a>(node: Node<'a>, text: &str) -> Result<Entries<'a>> {
    unique(map(node, "this")?, text)
}

/// Refuses a key that stands twice; YAML parsers would silently take the last.
fn unique<'a>(entries: Entries<'a>, text: &str) -> Result<Entries<'a>> {
    if entries.is_sorted_by(|a, b| a.0.text < b.0.text) {
        return Ok(entries);
    }
    let mut seen = HashSet::with_capacity(entries.len());
    if let Some((key, _)) = entries.iter().find(|(key, _)| !seen.insert(&*key.text)) {
        let at = if key.at.is_empty() { second_line_of(text, &key.text) } else { key.at };
        let mut problem = Problem::new(at, format!("`{}` stands twice in the same place of the lock", key.text));
        problem.help = Some("a merge may have kept both sides; run `dbtruth pull` again".to_owned());
        return Err(problem);
    }
    Ok(entries)
}

/// Where a key stands that the parser gave no place for: the second line that begins with it.
fn second_line_of(text: &str, key: &str) -> Span {
    let mut offset = 0;
    let mut found = Span::default();
    let mut count = 0;
    for line in text.split_inclusive('\n') {
        if count < 2 && line.trim_start().trim_start_matches(['"', '\'']).starts_with(key) {
            count += 1;
            found = Span::new(offset, offset + line.trim_end().len());
        }
        offset += line.len();
    }
    found
}

fn scalar(node: Node<'_>) -> Result<Cow<'_, str>> {
    match node.value {
        Value::Text(text) => Ok(text),
        Value::Nothing => Ok(Cow::Borrowed("")),
        _ => Err(Problem::new(node.at, "expected text here")),
    }
}

fn list(node: Node<'_>) -> Result<Vec<Node<'_>>> {
    match node.value {
        Value::List(items) => Ok(items),
        Value::Nothing => Ok(Vec::new()),
        _ => Err(Problem::new(node.at, "expected a list here")),
    }
}

fn texts(node: Node<'_>) -> Result<Vec<String>> {
    list(node)?.into_iter().map(|item| scalar(item).map(Cow::into_owned)).collect()
}

fn text_map(node: Node<'_>, text: &str) -> Result<BTreeMap<String, String>> {
    dictionary(node, text)?.into_iter().map(|(key, value)| Ok((key.text.into_owned(), scalar(value)?.into_owned()))).collect()
}
