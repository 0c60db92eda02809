//! Printing an expression: lower-case keywords, single spaces, no parenthesis that PostgreSQL's grammar does not need.

use std::fmt::Write as _;

use super::parse::{power, symbol_power};
use super::tree::Node;
use crate::schema::lock::quote;

/// The text of `node`.
pub(super) fn print(node: &Node) -> String {
    let mut out = String::new();
    write(&mut out, node, 0);
    out
}

/// How strongly a node holds together.
fn power_of(node: &Node) -> u8 {
    match node {
        Node::Or(_) => power::OR,
        Node::And(_) => power::AND,
        Node::Not(_) => power::NOT,
        Node::Is(..) => power::IS,
        Node::Binary(op, ..) if op.starts_with("is ") => power::IS,
        Node::Binary(op, ..) if op.starts_with(|c: char| c.is_ascii_alphabetic()) => power::LIKE,
        Node::Binary(op, ..) | Node::Quantified(_, op, ..) => symbol_power(op),
        Node::In(..) => power::LIKE,
        Node::Unary(op, _) if op == "-" || op == "+" => power::SIGN,
        Node::Unary(..) => power::OTHER,
        Node::AtTimeZone(..) => power::ZONE,
        Node::Collate(..) => power::COLLATE,
        Node::Cast(..) | Node::Subscript(..) | Node::Field(..) => power::POSTFIX,
        // `-1::integer` is `-(1::integer)`.
        Node::Number(text) if text.starts_with('-') => power::SIGN,
        _ => power::POSTFIX + 1,
    }
}

/// Writes `node`, in parentheses where it binds less strongly than `least`.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of node")]
fn write(out: &mut String, node: &Node, least: u8) {
    let own = power_of(node);
    if own < least {
        out.push('(');
        write(out, node, 0);
        out.push(')');
        return;
    }
    match node {
        Node::Name(parts) => out.push_str(&name(parts)),
        Node::String(text) => string(out, text),
        Node::Number(text) | Node::Word(text) => out.push_str(text),
        Node::Call(parts, distinct, args) => {
            out.push_str(&function_name(parts));
            out.push('(');
            if *distinct {
                out.push_str("distinct ");
            }
            list(out, args);
            out.push(')');
        }
        Node::Named(label, value) => {
            out.push_str(label);
            out.push(' ');
            write(out, value, 0);
        }
        Node::Cast(inner, ty) => {
            write(out, inner, power::POSTFIX);
            let _ = write!(out, "::{ty}");
        }
        Node::Unary(op, inner) => {
            out.push_str(op);
            // Two signs in a row would be a comment or another operator.
            if op != "-" && op != "+" || matches!(**inner, Node::Unary(..)) || matches!(&**inner, Node::Number(n) if n.starts_with('-')) {
                out.push(' ');
            }
            write(out, inner, own);
        }
        Node::Binary(op, left, right) => {
            // Comparisons do not chain, the rest leans to the left.
            let side = if own == power::COMPARE || own == power::LIKE || own == power::IS { own + 1 } else { own };
            write(out, left, side);
            let _ = write!(out, " {op} ");
            write(out, right, own + 1);
        }
        Node::And(items) => joined(out, items, " and ", own),
        Node::Or(items) => joined(out, items, " or ", own),
        Node::Not(inner) => {
            out.push_str("not ");
            write(out, inner, power::NOT);
        }
        Node::Is(inner, words) => {
            write(out, inner, power::IS + 1);
            let _ = write!(out, " is {words}");
        }
        Node::In(left, not, items) => {
            write(out, left, power::LIKE + 1);
            out.push_str(if *not { " not in (" } else { " in (" });
            list(out, items);
            out.push(')');
        }
        Node::Quantified(left, op, quantifier, right) => {
            write(out, left, own + 1);
            let _ = write!(out, " {op} {quantifier} (");
            write(out, right, 0);
            out.push(')');
        }
        Node::Case(operand, whens, otherwise) => case(out, operand.as_deref(), whens, otherwise.as_deref()),
        Node::Array(items) => {
            out.push_str("array[");
            list(out, items);
            out.push(']');
        }
        Node::Row(items) => {
            out.push_str(if items.len() > 1 { "(" } else { "row(" });
            list(out, items);
            out.push(')');
        }
        Node::Subscript(inner, bounds) => {
            write(out, inner, power::POSTFIX);
            out.push('[');
            for (n, bound) in bounds.iter().enumerate() {
                out.push_str(if n > 0 { ":" } else { "" });
                write(out, bound, 0);
            }
            out.push(']');
        }
        Node::Field(inner, field) => {
            out.push('(');
            write(out, inner, 0);
            let _ = write!(out, ").{}", quote(field));
        }
        Node::Collate(inner, collation) => {
            write(out, inner, power::COLLATE);
            let _ = write!(out, " collate {}", name(collation));
        }
        Node::AtTimeZone(inner, zone) => {
            write(out, inner, power::ZONE);
            out.push_str(" at time zone ");
            write(out, zone, power::ZONE + 1);
        }
        Node::Extract(field, inner) => {
            let _ = write!(out, "extract({field} from ");
            write(out, inner, 0);
            out.push(')');
        }
        Node::Position(needle, text) => {
            out.push_str("position(");
            write(out, needle, power::LIKE + 1);
            out.push_str(" in ");
            write(out, text, 0);
            out.push(')');
        }
    }
}

fn joined(out: &mut String, items: &[Node], word: &str, own: u8) {
    for (n, item) in items.iter().enumerate() {
        out.push_str(if n > 0 { word } else { "" });
        write(out, item, own + 1);
    }
}

fn list(out: &mut String, items: &[Node]) {
    for (n, item) in items.iter().enumerate() {
        out.push_str(if n > 0 { ", " } else { "" });
        write(out, item, 0);
    }
}

fn case(out: &mut String, operand: Option<&Node>, whens: &[(Node, Node)], otherwise: Option<&Node>) {
    out.push_str("case");
    if let Some(operand) = operand {
        out.push(' ');
        write(out, operand, 0);
    }
    for (condition, value) in whens {
        out.push_str(" when ");
        write(out, condition, 0);
        out.push_str(" then ");
        write(out, value, 0);
    }
    if let Some(otherwise) = otherwise {
        out.push_str(" else ");
        write(out, otherwise, 0);
    }
    out.push_str(" end");
}

/// A qualified name.
pub(super) fn name(parts: &[String]) -> String {
    parts.iter().map(|part| if part == "*" { part.clone() } else { quote(part) }).collect::<Vec<_>>().join(".")
}

/// Keywords such as `coalesce` and `left` need no quotes in front of a parenthesis.
fn function_name(parts: &[String]) -> String {
    match parts {
        [one] if one.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => one.clone(),
        _ => name(parts),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}
