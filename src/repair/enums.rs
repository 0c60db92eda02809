//! Labels of an enum: members of a Python class, or strings in `Enum("…")`.

use super::alter::{Found, find};
use super::declaration::{indent, line_end, newline, quoted, remove_argument, text};
use super::{insert, replace};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::project::index::{ClassId, last_name};
use crate::rules::{Context, suggest};
use crate::source::{FileId, Language, Location, SourceFile, Span};
use crate::syntax::python::{Call, Expr, ExprKind, Stmt, StmtKind};

/// The repair of `enum-mismatch`: labels that the model lacks are added (safe), ones that the database lacks are corrected or taken out (not safe).
pub(super) fn fix(context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
    let f = find(context, d)?;
    let ours = f.ours.enum_labels.as_ref()?;
    let (_, theirs) = context.schema.find(&context.schema.enums, None, bare(&f.theirs.ty)).or_else(|| qualified(context, &f.theirs.ty))?;
    let lacking: Vec<&str> = theirs.iter().filter(|l| !ours.contains(l)).map(String::as_str).collect();
    let extra: Vec<&str> = ours.iter().filter(|l| !theirs.contains(l)).map(String::as_str).collect();
    // A label that is misspelt is one label, not one too many and one too few.
    let pairs: Vec<(&str, &str)> =
        extra.iter().filter_map(|e| lacking.iter().find(|l| suggest::certain(e, l, lacking.iter().copied())).map(|l| (*e, *l))).collect();
    let added: Vec<&str> = lacking.iter().filter(|l| !pairs.iter().any(|p| p.1 == **l)).copied().collect();
    let gone: Vec<&str> = extra.iter().filter(|e| !pairs.iter().any(|p| p.0 == **e)).copied().collect();
    let change = Change { pairs, added, gone };
    let edits = match enum_call(&f) {
        Some((whole, call)) if call.positionals().next().is_some_and(|e| matches!(e.kind, ExprKind::Str(_))) => labels(&f, whole, call, &change),
        _ => members(context, &f, ours, &change),
    }?;
    super::fix(change.pairs.is_empty() && change.gone.is_empty(), edits)
}

/// What is to become of the labels.
struct Change<'l> {
    pairs: Vec<(&'l str, &'l str)>,
    added: Vec<&'l str>,
    gone: Vec<&'l str>,
}

fn bare(ty: &str) -> &str {
    ty.trim_matches('"')
}

fn qualified<'s>(context: &'s Context<'_, '_>, ty: &str) -> Option<(&'s crate::schema::QualifiedName, &'s Vec<String>)> {
    let (schema, name) = ty.split_once('.')?;
    context.schema.find(&context.schema.enums, Some(bare(schema)), bare(name))
}

/// `Enum(…)` of the declaration.
fn enum_call<'a>(f: &Found<'_, 'a>) -> Option<(&'a Expr, &'a Call)> {
    let argument = f.declaration.type_argument()?;
    match &argument.kind {
        ExprKind::Call(c) if last_name(argument).is_some_and(|n| matches!(n.as_str(), "Enum" | "ENUM")) => Some((argument, c)),
        _ => None,
    }
}

fn string_at<'a>(call: &'a Call, label: &str) -> Option<&'a Expr> {
    call.positionals().find(|e| matches!(&e.kind, ExprKind::Str(s) if s.constant().as_deref() == Some(label)))
}

/// Strings of `Enum("a", "b")`.
fn labels(f: &Found<'_, '_>, _whole: &Expr, call: &Call, change: &Change<'_>) -> Option<Vec<Edit>> {
    let (file, source) = (f.declaration.file, f.declaration.source);
    let mut edits = Vec::new();
    for (wrong, right) in &change.pairs {
        edits.push(replace(Location::new(file, string_at(call, wrong)?.span), quoted(source, right)));
    }
    for label in &change.gone {
        edits.push(remove_argument(file, source, call, string_at(call, label)?)?);
    }
    if !change.added.is_empty() {
        let last = call.positionals().filter(|e| matches!(e.kind, ExprKind::Str(_))).last()?;
        let line = source.slice(source.line_span(source.position(last.span.start).line));
        let own_line = line.trim_start().starts_with(text(source, last)) && text(source, f.declaration.type_argument()?).contains('\n');
        let before = if own_line { format!(",{}{}", newline(source), indent(source, last.span.start)) } else { ", ".to_owned() };
        let all: String = change.added.iter().map(|l| format!("{before}{}", quoted(source, l))).collect();
        edits.push(insert(file, last.span.end as usize, all));
    }
    Some(edits)
}

/// A member of an enum class.
struct Member<'a> {
    name: &'static str,
    value: Option<String>,
    statement: &'a Stmt,
    string: &'a Expr,
}

/// Members of the class whose labels the column has.
fn members(context: &Context<'_, '_>, f: &Found<'_, '_>, ours: &[String], change: &Change<'_>) -> Option<Vec<Edit>> {
    let world = &context.project.world;
    let mentioned = |class: &ClassId| {
        let name = world.index.class(*class).node.name.as_str();
        let source = f.declaration.source.slice(f.declaration.statement.span);
        source.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == name)
    };
    let mut found =
        world.index.class_ids().into_iter().filter(mentioned).filter_map(|class| Some((class, read(context, class), by_value(&read(context, class), ours)?)));
    let (class, members, by_value) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let def = world.index.class(class);
    let source = world.sources.get(def.file);
    let mut edits = Vec::new();
    let of = |label: &str| members.iter().find(|m| if by_value { m.value.as_deref() == Some(label) } else { m.name == label });
    for (wrong, right) in &change.pairs {
        if !by_value {
            return None;
        }
        edits.push(replace(Location::new(def.file, of(wrong)?.string.span), quoted(source, right)));
    }
    for label in &change.gone {
        let member = of(label)?;
        if is_used(context, member) {
            return None;
        }
        edits.push(remove_line(def.file, source, member.statement)?);
    }
    if !change.added.is_empty() {
        let last = members.last()?;
        let lead = indent(source, last.statement.span.start);
        let mut all = String::new();
        for label in &change.added {
            let name = member_name(&members, label, by_value)?;
            let value = if by_value || last.value.as_deref() == Some(last.name) { (*label).to_owned() } else { label.to_lowercase() };
            all.push_str(&format!("{}{lead}{name} = {}", newline(source), quoted(source, &value)));
        }
        edits.push(insert(def.file, line_end(source, last.statement.span.end), all));
    }
    Some(edits)
}

fn read<'a>(context: &Context<'_, 'a>, class: ClassId) -> Vec<Member<'a>> {
    let mut all = Vec::new();
    for statement in &context.project.world.index.class(class).node.body {
        if let StmtKind::Assign(a) = &statement.kind
            && let [Expr { kind: ExprKind::Name(name), .. }] = a.0.as_slice()
            && let ExprKind::Str(s) = &a.1.kind
        {
            all.push(Member { name: name.as_str(), value: s.constant().map(|c| c.into_owned()), statement, string: &a.1 });
        }
    }
    all
}

/// Whether the labels are the members' values (true) or names (false); `None` where they are neither.
fn by_value(members: &[Member<'_>], ours: &[String]) -> Option<bool> {
    if members.len() != ours.len() || members.is_empty() {
        return None;
    }
    if members.iter().zip(ours).all(|(m, l)| m.value.as_deref() == Some(l)) {
        return Some(true);
    }
    members.iter().zip(ours).all(|(m, l)| m.name == l).then_some(false)
}

/// The name of a new member, after the others' fashion.
fn member_name(members: &[Member<'_>], label: &str, by_value: bool) -> Option<String> {
    let word: String = label.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let upper = members.iter().all(|m| m.name.chars().all(|c| !c.is_ascii_lowercase()));
    let name = if by_value && upper { word.to_ascii_uppercase() } else { word };
    let fine = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && !super::rename::is_reserved(&name) && (by_value || name == label);
    (fine && members.iter().all(|m| m.name != name)).then_some(name)
}

/// Whether any other text names the member.
fn is_used(context: &Context<'_, '_>, member: &Member<'_>) -> bool {
    let dotted = format!(".{}", member.name);
    let world = &context.project.world;
    world
        .sources
        .iter()
        .filter(|(_, s)| s.language == Language::Python)
        .any(|(_, s)| s.text.match_indices(&dotted).any(|(at, _)| !s.text[at + dotted.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')))
}

/// A statement with its line, where nothing else stands there.
fn remove_line(file: FileId, source: &SourceFile, statement: &Stmt) -> Option<Edit> {
    let line = source.line_span(source.position(statement.span.start).line);
    let lone = source.slice(Span { start: line.start, end: statement.span.start }).trim().is_empty() && statement.span.end <= line.end;
    let end = (line.end as usize + newline(source).len()).min(source.text.len());
    lone.then(|| replace(Location::new(file, Span::new(line.start as usize, end)), ""))
}
