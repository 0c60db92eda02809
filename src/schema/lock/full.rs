//! Reading a lock that is not in our own form: the real YAML parser, told at each place what to expect, so that names such as `yes` or `1e3` stay text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::node::{Key, Node, Value};
use crate::source::Span;

/// What a place of the lock holds.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A scalar, taken as text whatever YAML would make of it.
    Text,
    /// A sequence of such.
    List(&'static Shape),
    /// Names chosen by people to values of one shape.
    Dictionary(&'static Shape),
    /// Keys that we chose.
    Fields(&'static [(&'static str, Shape)]),
    /// Whatever stands there.
    Anything,
}

/// The whole lock, and the names of its keys.
pub(super) const LOCK: Shape = Shape::Fields(&[
    ("version", Shape::Text),
    ("search_path", TEXTS),
    ("tables", Shape::Dictionary(&RELATION)),
    ("views", Shape::Dictionary(&RELATION)),
    ("enums", Shape::Dictionary(&TEXTS)),
    ("domains", Shape::Dictionary(&Shape::Text)),
    ("composites", Shape::Dictionary(&Shape::Dictionary(&Shape::Anything))),
    ("ranges", Shape::Dictionary(&Shape::Text)),
    ("sequences", TEXTS),
    ("functions", Shape::Dictionary(&Shape::Text)),
    ("incomplete", Shape::List(&Shape::Fields(&[("object", Shape::Text), ("reason", Shape::Text)]))),
]);
const TEXTS: Shape = Shape::List(&Shape::Text);
const TEXT_MAP: Shape = Shape::Dictionary(&Shape::Text);
const RELATION: Shape = Shape::Fields(&[
    ("kind", Shape::Text),
    ("comment", Shape::Text),
    ("columns", TEXT_MAP),
    ("column comments", TEXT_MAP),
    ("primary key", TEXTS),
    ("primary key name", Shape::Text),
    ("unique", Shape::Dictionary(&TEXTS)),
    ("unique nulls not distinct", Shape::Dictionary(&TEXTS)),
    ("foreign keys", TEXT_MAP),
    ("checks", TEXT_MAP),
    ("exclusions", TEXT_MAP),
    ("indexes", TEXT_MAP),
]);

/// Reads `text` as YAML.
pub(super) fn read(text: &str) -> Result<Node<'_>, serde_yaml::Error> {
    Seed { text, shape: LOCK }.deserialize(serde_yaml::Deserializer::from_str(text))
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    text: &'a str,
    shape: Shape,
}

impl<'a> Seed<'a> {
    fn with(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Where a slice that the parser borrowed lies in the text.
    fn place(self, part: &str) -> Span {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if start <= self.text.len() { Span::new(start, start + part.len()) } else { Span::default() }
    }

    fn node(value: Value<'a>) -> Node<'a> {
        Node { at: Span::default(), value }
    }
}

impl<'a> DeserializeSeed<'a> for Seed<'a> {
    type Value = Node<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Node<'a>, D::Error> {
        match self.shape {
            Shape::Text => deserializer.deserialize_str(self),
            // An option, so that `tables:` with nothing behind it is nothing instead of an error.
            Shape::List(_) | Shape::Dictionary(_) | Shape::Fields(_) => deserializer.deserialize_option(self),
            Shape::Anything => deserializer.deserialize_any(self),
        }
    }
}

impl<'a> Visitor<'a> for Seed<'a> {
    type Value = Node<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.shape {
            Shape::Text => "text",
            Shape::List(_) => "a list",
            Shape::Dictionary(_) | Shape::Fields(_) => "a map",
            Shape::Anything => "text, a list or a map",
        })
    }

    fn visit_borrowed_str<E>(self, v: &'a str) -> Result<Node<'a>, E> {
        Ok(Node { at: self.place(v), value: Value::Text(Cow::Borrowed(v)) })
    }

    fn visit_str<E>(self, v: &str) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Text(Cow::Owned(v.to_owned()))))
    }

    fn visit_bool<E>(self, v: bool) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Text(Cow::Owned(v.to_string()))))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Text(Cow::Owned(v.to_string()))))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Text(Cow::Owned(v.to_string()))))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Text(Cow::Owned(v.to_string()))))
    }

    fn visit_unit<E>(self) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Nothing))
    }

    fn visit_none<E>(self) -> Result<Node<'a>, E> {
        Ok(Self::node(Value::Nothing))
    }

    fn visit_some<D: Deserializer<'a>>(self, deserializer: D) -> Result<Node<'a>, D::Error> {
        match self.shape {
            Shape::List(_) => deserializer.deserialize_seq(self),
            _ => deserializer.deserialize_map(self),
        }
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Node<'a>, A::Error> {
        let item = self.with(if let Shape::List(item) = self.shape { *item } else { Shape::Anything });
        let mut out = Vec::new();
        while let Some(value) = items.next_element_seed(item)? {
            out.push(value);
        }
        Ok(Self::node(Value::List(out)))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Node<'a>, A::Error> {
        let mut out = Vec::new();
        while let Some(key) = entries.next_key_seed(self.with(Shape::Text))? {
            let Node { at, value: Value::Text(text) } = key else { continue };
            let shape = match self.shape {
                Shape::Dictionary(value) => *value,
                Shape::Fields(fields) => fields.iter().find(|(name, _)| *name == text).map_or(Shape::Anything, |(_, shape)| *shape),
                _ => Shape::Anything,
            };
            out.push((Key { at, text }, entries.next_value_seed(self.with(shape))?));
        }
        Ok(Self::node(Value::Map(out)))
    }
}
