//! Identifiers, object names, types.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::Lower;
use crate::source::Span;
use crate::symbol::Symbol;
use crate::syntax::sql::ast::{Ident, ObjectName, TypeName};

/// Longer names are cut, as PostgreSQL does (`NAMEDATALEN - 1` bytes, on a character boundary).
const MAX_NAME: usize = 63;

impl Lower<'_> {
    /// The identifier a name node holds.
    pub(super) fn ident(&self, node: &SyntaxNode) -> Ident {
        let mut name = ast::normalize_name_node(node);
        if name.len() > MAX_NAME {
            let mut end = MAX_NAME;
            while !name.is_char_boundary(end) {
                end -= 1;
            }
            name.truncate(end);
        }
        Ident { name: Symbol::from(&name), span: self.span(node), quoted: ast::is_quoted_name_node(node) }
    }

    pub(super) fn ident_of<N: AstNode>(&self, node: &N) -> Ident {
        self.ident(node.syntax())
    }

    /// All parts of a dotted name.
    pub(super) fn path_parts(&self, path: &ast::PathRef) -> Vec<Ident> {
        let mut parts = Vec::new();
        let mut at = Some(path.clone());
        while let Some(p) = at {
            if let Some(segment) = p.segment() {
                parts.push(self.ident_of(&segment));
            }
            at = p.qualifier();
        }
        parts.reverse();
        parts
    }

    /// A dotted name as an object's.
    pub(super) fn object(&self, path: Option<ast::PathRef>) -> Option<ObjectName> {
        object_from_parts(&self.path_parts(&path?))
    }

    /// A dotted name that is being defined.
    pub(super) fn new_object(&self, path: Option<ast::Path>) -> Option<ObjectName> {
        let path = path?;
        let mut parts = path.qualifier().map_or_else(Vec::new, |q| self.path_parts(&q));
        parts.push(self.ident_of(&path.segment()?));
        object_from_parts(&parts)
    }

    pub(super) fn relation_ref(&self, node: Option<ast::RelationNameRef>) -> Option<ObjectName> {
        self.object(node?.path_ref())
    }

    pub(super) fn relation_name(&self, node: Option<ast::RelationName>) -> Option<ObjectName> {
        self.relation_ref(node?.relation_name_ref())
    }

    pub(super) fn table_ref(&self, node: Option<ast::TableNameRef>) -> Option<ObjectName> {
        self.object(node?.path_ref())
    }

    pub(super) fn table_relation(&self, node: Option<ast::TableRelationName>) -> Option<ObjectName> {
        self.table_ref(node?.table_name_ref())
    }

    pub(super) fn columns(&self, list: Option<ast::ColumnRefList>) -> Vec<Ident> {
        list.map_or_else(Vec::new, |l| l.column_name_refs().map(|c| self.ident_of(&c)).collect())
    }

    pub(super) fn column_names(&self, list: Option<ast::ColumnList>) -> Vec<Ident> {
        list.map_or_else(Vec::new, |l| l.column_names().map(|c| self.ident_of(&c)).collect())
    }

    /// A type as written.
    pub(super) fn type_name(&self, ty: Option<ast::Type>) -> Option<TypeName> {
        let ty = ty?;
        let node = ty.syntax();
        let mut out = TypeName {
            span: self.span(node),
            name: ObjectName::bare(Ident { name: Symbol::from(""), span: self.span(node), quoted: false }),
            modifiers: Vec::new(),
            interval: None,
            array: 0,
            setof: has_token(node, SyntaxKind::SETOF_KW),
            percent_type: false,
        };
        match &ty {
            ast::Type::ArrayType(array) => {
                let inner = self.type_name(array.ty())?;
                let bounds = array.array_bounds().count().max(1);
                let setof = inner.setof || out.setof;
                return Some(TypeName { span: out.span, array: inner.array.saturating_add(u8::try_from(bounds).unwrap_or(u8::MAX)), setof, ..inner });
            }
            ast::Type::PathType(path) => {
                out.name = self.object(path.path_ref())?;
                out.modifiers = modifiers(path.arg_list());
            }
            ast::Type::BitType(t) => self.words(&mut out, "bit", t.arg_list()),
            ast::Type::BitVaryingType(t) => self.words(&mut out, "bit varying", t.arg_list()),
            ast::Type::DoubleType(_) => self.words(&mut out, "double precision", None),
            ast::Type::CharacterType(t) => self.words(&mut out, "character", t.arg_list()),
            ast::Type::VarcharType(t) => self.words(&mut out, "character varying", t.arg_list()),
            ast::Type::TimeType(t) => {
                let zone = matches!(t.timezone(), Some(ast::Timezone::WithTimezone(_)));
                self.words(&mut out, if zone { "time with time zone" } else { "time without time zone" }, None);
                out.modifiers.extend(t.literal().map(|l| l.syntax().text().to_string()));
            }
            ast::Type::TimestampType(t) => {
                let zone = matches!(t.timezone(), Some(ast::Timezone::WithTimezone(_)));
                self.words(&mut out, if zone { "timestamp with time zone" } else { "timestamp without time zone" }, None);
                out.modifiers.extend(t.literal().map(|l| l.syntax().text().to_string()));
            }
            ast::Type::IntervalType(t) => {
                self.words(&mut out, "interval", None);
                out.modifiers.extend(t.literal().map(|l| l.syntax().text().to_string()));
                out.interval = t.interval_qualifier().map(|q| squeeze(&q.syntax().text().to_string()));
            }
        }
        Some(out)
    }

    fn words(&self, out: &mut TypeName, name: &str, args: Option<ast::ArgList>) {
        out.name = ObjectName::bare(Ident { name: Symbol::from(name), span: out.span, quoted: false });
        out.modifiers = modifiers(args);
    }

    /// A type or `table.column%type`.
    pub(super) fn func_type(&self, ty: Option<ast::FuncType>) -> Option<TypeName> {
        match ty? {
            ast::FuncType::Type(t) => self.type_name(Some(t)),
            ast::FuncType::PercentType(t) => Some(TypeName {
                span: self.span(t.syntax()),
                name: self.object(t.path_ref())?,
                modifiers: Vec::new(),
                interval: None,
                array: u8::try_from(t.array_bounds().count()).unwrap_or(u8::MAX),
                setof: t.setof_token().is_some(),
                percent_type: true,
            }),
        }
    }

    /// Bytes of a node in the whole text, without the blanks and comments at its ends.
    pub(super) fn span(&self, node: &SyntaxNode) -> Span {
        let range = node.text_range();
        let (mut start, mut end) = (u32::from(range.start()), u32::from(range.end()));
        if let Some(first) = node.first_token().filter(|t| is_trivia(t.kind())) {
            let mut at = Some(first);
            while let Some(token) = at.filter(|t| is_trivia(t.kind()) && u32::from(t.text_range().end()) <= end) {
                start = token.text_range().end().into();
                at = token.next_token();
            }
        }
        if let Some(last) = node.last_token().filter(|t| is_trivia(t.kind())) {
            let mut at = Some(last);
            while let Some(token) = at.filter(|t| is_trivia(t.kind()) && u32::from(t.text_range().start()) >= start) {
                end = token.text_range().start().into();
                at = token.prev_token();
            }
        }
        let start_at = self.start(start);
        Span { start: start_at, end: self.end(end.max(start)).max(start_at) }
    }
}

fn is_trivia(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT)
}

/// An object's name from one to three parts.
pub(super) fn object_from_parts(parts: &[Ident]) -> Option<ObjectName> {
    Some(match *parts {
        [name] => ObjectName::bare(name),
        [schema, name] => ObjectName { catalog: None, schema: Some(schema), name },
        [catalog, schema, name] => ObjectName { catalog: Some(catalog), schema: Some(schema), name },
        _ => return None,
    })
}

/// Whether a token of that kind stands directly in the node.
pub(super) fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens().any(|e| e.kind() == kind)
}

fn modifiers(args: Option<ast::ArgList>) -> Vec<String> {
    args.map_or_else(Vec::new, |l| l.args().map(|a| a.syntax().text().to_string().trim().to_owned()).collect())
}

/// Lower case, words with single spaces between.
pub(super) fn squeeze(text: &str) -> String {
    text.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ")
}
