//! SQL put together from pieces that know where they stand.

use crate::source::Location;
use crate::syntax::sql::template::Template;

/// SQL under construction.
pub struct Sql {
    out: Template,
    at: Location,
}

impl Sql {
    /// Starts; words of SQL itself stand at `at`.
    pub fn new(at: Location, text: &str) -> Self {
        let mut sql = Self { out: Template::default(), at };
        sql.raw(text);
        sql
    }

    /// Adds SQL as it is.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.out.push_value(text, self.at);
        self
    }

    /// Adds a name.
    pub fn name(&mut self, name: &Name) -> &mut Self {
        self.out.push_value(&quoted(&name.text), name.at);
        self
    }

    /// Adds `schema.name`.
    pub fn qualified(&mut self, schema: Option<&str>, name: &Name) -> &mut Self {
        if let Some(schema) = schema {
            self.raw(&quoted(schema)).raw(".");
        }
        self.name(name)
    }

    /// Adds names in parentheses.
    pub fn names(&mut self, names: &[Name]) -> &mut Self {
        self.raw("(");
        for (n, name) in names.iter().enumerate() {
            if n > 0 {
                self.raw(", ");
            }
            self.name(name);
        }
        self.raw(")")
    }

    /// Adds text with its own places.
    pub fn template(&mut self, text: &Template) -> &mut Self {
        self.out.append(text);
        self
    }

    /// What was put together.
    pub fn finish(self) -> Template {
        self.out
    }
}

/// A name and the place that writes it.
#[derive(Clone, Debug)]
pub struct Name {
    /// As PostgreSQL stores it.
    pub text: String,
    /// The string literal.
    pub at: Location,
}

/// An identifier in double quotes. What has `"."` in it is two, as Django's tables with a schema are written (`sales"."orders`).
pub fn quoted(name: &str) -> String {
    if let Some((schema, name)) = name.split_once("\".\"") {
        return format!("{}.{}", quoted(schema), quoted(name));
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
