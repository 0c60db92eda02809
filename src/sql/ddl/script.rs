//! Running a whole text: its statements in order, blocks of PL/pgSQL as far as their statements show, and what could not be read.

use std::borrow::Cow;

use super::execute::{self, Variables};
use super::{Ddl, NoteKind, Source, geometry};
use crate::source::{FileId, Location, Span};
use crate::syntax::sql::ast::{DoBlock, Statement, StatementKind};
use crate::syntax::sql::template::{HOLE, Template};
use crate::syntax::sql::{Parameters, parse};

/// Bytes of the longest name (PostgreSQL's NAMEDATALEN less its end).
const MAX_NAME: usize = 63;

/// A block inside a block inside a block: enough.
const DEPTH: usize = 3;

impl Ddl {
    /// Runs every statement of the text. Spans of notes point into it.
    pub fn run(&mut self, text: &str) {
        self.run_at(text, DEPTH);
    }

    pub(super) fn run_at(&mut self, text: &str, depth: usize) {
        let mut template = Template::default();
        template.push_verbatim(text, Location::new(FileId(0), Span::new(0, text.len())));
        let script = parse(&template, Parameters::Dollar);
        let mut skipped = script.skipped.iter().peekable();
        for entry in &script.statements {
            while let Some((span, _)) = skipped.next_if(|(span, _)| span.start < entry.statement.span.start) {
                self.unread(text, *span);
            }
            self.statement(text, &entry.statement, depth);
        }
        for (span, _) in skipped {
            self.unread(text, *span);
        }
    }

    /// Applies statements that were parsed from `text`.
    pub fn apply(&mut self, text: &str, statements: &[Statement]) {
        for statement in statements {
            self.statement(text, statement, DEPTH);
        }
    }

    fn statement(&mut self, text: &str, statement: &Statement, depth: usize) {
        let source = Source { text };
        match &statement.kind {
            StatementKind::CreateTable(create) => self.create_table(source, create, statement.span),
            StatementKind::CreateView(create) => self.create_view(create, statement.span),
            StatementKind::CreateType(create) => self.create_type(create),
            StatementKind::CreateDomain(create) => self.create_domain(source, create),
            StatementKind::CreateSequence(create) => self.create_sequence(create),
            StatementKind::CreateFunction(create) => self.create_function(source, create),
            StatementKind::CreateAggregate(signature) => self.create_aggregate(source, signature),
            StatementKind::CreateIndex(create) => self.create_index(source, create),
            StatementKind::CreateExtension(create) => self.create_extension(create),
            StatementKind::CreateSchema(create) => {
                let path = self.path.clone();
                if let Some(name) = &create.name {
                    self.path.insert(0, name.as_str().to_owned());
                }
                self.apply(text, &create.elements);
                self.path = path;
            }
            StatementKind::AlterRelation(alter) => self.alter_relation(source, alter),
            StatementKind::AlterSequence(alter) => {
                let name = self.find(&alter.name, |n| self.schema.sequences.contains(n) || self.owned.contains_key(n));
                if let Some(owner) = &alter.owned_by {
                    self.own_sequence(&name, owner);
                }
            }
            StatementKind::AlterType(alter) => self.alter_type(alter),
            StatementKind::AlterDomain(alter) => self.alter_domain(source, alter),
            StatementKind::AlterSchema(alter) => self.alter_schema(alter),
            StatementKind::AlterFunction(alter) => self.alter_function(alter),
            StatementKind::Drop(drop) => self.drop_objects(drop),
            StatementKind::Comment(comment) => self.comment(comment),
            StatementKind::Set(set) => self.set_parameter(set),
            StatementKind::Query(query) => self.query_statement(query, depth),
            StatementKind::Do(block) => self.block(block, statement.span, depth),
            StatementKind::Broken => self.unread(text, statement.span),
            _ => {}
        }
    }

    /// A statement that the parser does not read: if it names a table, that one is open from now on.
    fn unread(&mut self, text: &str, span: Span) {
        let statement = text.get(span.range()).unwrap_or("");
        let words: Vec<&str> = statement.split_whitespace().take(8).collect();
        let lower: Vec<String> = words.iter().map(|w| w.to_ascii_lowercase()).collect();
        let head = lower.first().map_or("", String::as_str);
        if !matches!(head, "create" | "alter" | "drop" | "comment") {
            // Data, settings, another tool's commands: nothing that changes the shape.
            self.notes.push(super::Note { span, kind: NoteKind::NotUnderstood });
            return;
        }
        let filler = [
            "or",
            "replace",
            "temp",
            "temporary",
            "unlogged",
            "foreign",
            "materialized",
            "recursive",
            "table",
            "view",
            "if",
            "not",
            "exists",
            "only",
            "column",
            "on",
        ];
        let is_relation = lower.iter().any(|w| w == "table" || w == "view");
        let name =
            words.iter().skip(1).find(|w| !filler.contains(&w.to_ascii_lowercase().as_str())).map(|w| w.split('(').next().unwrap_or(w).trim_end_matches(';'));
        let (Some(name), true) = (name.filter(|n| !n.is_empty()), is_relation) else {
            let object = lower.iter().take(3).cloned().collect::<Vec<_>>().join(" ");
            self.not_understood(span, &object, "a statement that was not understood");
            return;
        };
        if name.contains(HOLE) {
            return self.not_understood(span, "schema", "a statement names a table that could not be worked out");
        }
        let mut parts = name.split('.').map(|p| if p.starts_with('"') { p.trim_matches('"').to_owned() } else { p.to_lowercase() }).collect::<Vec<_>>();
        let Some(last) = parts.pop().filter(|n| (1..=MAX_NAME).contains(&n.len())) else {
            return self.not_understood(span, "a name", "a statement that was not understood");
        };
        let schema = parts.pop().filter(|s| !s.is_empty()).unwrap_or_else(|| self.creation_schema());
        if [&schema, &last].into_iter().any(|n| n.contains(HOLE)) {
            return self.not_understood(span, crate::schema::WHOLE, "a statement names a table that could not be worked out");
        }
        let name = crate::schema::QualifiedName::new(schema, last);
        if head == "create" && lower.iter().any(|w| w == "table") && !self.schema.relations.contains_key(&name) {
            self.create_in_part(&without_comments(statement), &name);
        }
        if head == "create" && !self.schema.relations.contains_key(&name) {
            let mut relation = crate::schema::Relation::new(crate::schema::RelationKind::Table);
            relation.physical_order = Some(Vec::new());
            self.schema.relations.insert(name.clone(), relation.into());
        }
        self.open(&name, span, "a statement that was not understood");
    }

    /// `DO`: the statements inside that define something, each as far as it applies; conditions are not evaluated.
    fn block(&mut self, block: &DoBlock, span: Span, depth: usize) {
        let plpgsql = block.language.is_none_or(|l| l.as_str() == "plpgsql");
        let Some(body) = block.body.as_ref().filter(|_| plpgsql && depth > 0) else {
            self.not_understood(span, "do block", "a block in a language that is not read");
            return;
        };
        let was = std::mem::replace(&mut self.guarded, true);
        let code = without_comments(&body.text);
        for text in statements_of_block(&code) {
            if text.contains(HOLE) {
                if execute::may_reshape(&text) {
                    let object = if execute::is_of_tables(&text) { crate::schema::WHOLE } else { "do block" };
                    self.not_understood(span, object, "a statement that is put together at run time");
                }
            } else {
                self.run_at(&text, depth - 1);
            }
        }
        self.guarded = was;
    }
}

/// The statements of a PL/pgSQL body that may define something. Control words before them are passed over; a hole stands in what `EXECUTE` runs
/// where a part of the text is not known.
fn statements_of_block(body: &str) -> Vec<Cow<'_, str>> {
    let mut out = Vec::new();
    let mut variables = Variables::new();
    let mut loops: Vec<Option<String>> = Vec::new();
    for statement in split_semicolons(body) {
        declared(statement, body, &mut variables);
        let mut words = crate::schema::lock::line::Words::new(statement);
        let mut start = None;
        while let Some((at, word)) = words.next_word() {
            let word = word.to_ascii_lowercase();
            if word == "loop" {
                loops.push(looped(statement, &mut variables));
            }
            // The last such word wins: `IF NOT EXISTS (…) THEN ALTER …`, `BEGIN CREATE …`.
            match word.as_str() {
                "then" | "else" | "begin" | "loop" => start = None,
                "end" if start.is_none() => {
                    start = Some((at, String::new()));
                    if words.next_word().is_some_and(|(_, w)| w.eq_ignore_ascii_case("loop")) {
                        loops.pop().flatten().into_iter().for_each(|name| {
                            variables.remove(&name);
                        });
                    }
                }
                "create" | "alter" | "drop" | "comment" | "execute" | "perform" | "select" if start.is_none() => start = Some((at, word)),
                _ if start.is_none() => start = Some((at, String::new())),
                _ => {}
            }
        }
        let Some((at, head)) = start else { continue };
        let sql = &statement[at..];
        match head.as_str() {
            "" => {}
            "execute" => out.extend(execute::texts(&sql["execute".len()..], &variables).into_iter().map(Cow::Owned)),
            // Functions that change a table; nothing else that is asked for does.
            "perform" | "select" => {
                if geometry::mentioned(sql) {
                    out.push(Cow::Owned(format!("select {}", &sql[head.len()..])));
                }
            }
            _ => out.push(Cow::Borrowed(sql)),
        }
    }
    out
}

/// Bytes of a block whose variables are followed: for each of them the whole is looked through.
const LONGEST_FOLLOWED: usize = 16 << 10;

/// Variables that a block declares with their only value: `name text := 'x'`, `names text[] := ARRAY['x', 'y']`.
fn declared(statement: &str, body: &str, variables: &mut Variables) {
    let Some((before, value)) = statement.split_once(":=") else { return };
    if body.len() > LONGEST_FOLLOWED {
        return;
    }
    let mut words = before.split_whitespace().skip_while(|w| w.eq_ignore_ascii_case("declare"));
    // `name := value` is a step that may run or not.
    let (Some(name), Some(_)) = (words.next(), words.next()) else { return };
    let assigned = body.match_indices(":=").any(|(at, _)| body[..at].trim_end().ends_with(name));
    let mut around = body.split_whitespace().zip(body.split_whitespace().skip(1));
    if !assigned
        && !around.any(|(into, word)| into.eq_ignore_ascii_case("into") && word.trim_end_matches(';').eq_ignore_ascii_case(name))
        && let Some(values) = execute::values(value, variables)
    {
        variables.insert(name.to_ascii_lowercase(), values);
    }
}

/// `FOREACH name IN ARRAY values LOOP`: the name, when its values are known.
fn looped(statement: &str, variables: &mut Variables) -> Option<String> {
    let mut words = crate::schema::lock::line::Words::new(statement);
    let mut found = None;
    while let Some((at, word)) = words.next_word() {
        if word.eq_ignore_ascii_case("foreach") {
            found = Some(at + word.len());
        }
    }
    let rest = &statement[found?..];
    let mut words = crate::schema::lock::line::Words::new(rest);
    let (_, name) = words.next_word()?;
    let (_, _) = words.next_word().filter(|(_, w)| w.eq_ignore_ascii_case("in"))?;
    let (at, word) = words.next_word().filter(|(_, w)| w.eq_ignore_ascii_case("array"))?;
    let from = at + word.len();
    let mut end = None;
    while let Some((at, word)) = words.next_word() {
        if word.eq_ignore_ascii_case("loop") {
            end = Some(at);
            break;
        }
    }
    let name = name.to_ascii_lowercase();
    let values = execute::values(&rest[from..end?], variables)?;
    variables.insert(name.clone(), values);
    Some(name)
}

/// Comments blanked, so that their words and quotes mislead nobody.
fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let (length, kept) = match bytes[at] {
            b'-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), false),
            b'/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |n| n + 2), false),
            b'\'' | b'"' => (memchr::memchr(bytes[at], &bytes[at + 1..]).map_or(rest.len(), |n| n + 2), true),
            b'$' => (dollar_quote(rest).unwrap_or(1), true),
            _ => (rest.chars().next().map_or(1, char::len_utf8), true),
        };
        out.push_str(if kept { &rest[..length] } else { " " });
        at += length;
    }
    out
}

/// The parts between semicolons outside quotes and dollar quotes.
fn split_semicolons(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut out, mut from, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let rest = &text[at..];
        at += match bytes[at] {
            b';' => {
                out.push(&text[from..at]);
                from = at + 1;
                1
            }
            b'\'' | b'"' => memchr::memchr(bytes[at], &bytes[at + 1..]).map_or(rest.len(), |n| n + 2),
            b'$' => dollar_quote(rest).unwrap_or(1),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    out.push(&text[from..]);
    out
}

/// The length of a dollar-quoted string at the start of `text`.
fn dollar_quote(text: &str) -> Option<usize> {
    let tag_end = text[1..].find('$')? + 2;
    let tag = &text[..tag_end];
    tag[1..tag_end - 1].chars().all(|c| c.is_alphanumeric() || c == '_').then_some(())?;
    Some(tag_end + text[tag_end..].find(tag)? + tag_end)
}
