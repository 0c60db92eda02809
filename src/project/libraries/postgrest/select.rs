//! The grammar of PostgREST's `select=` parameter, as <https://docs.postgrest.org/en/stable/references/api/tables_views.html> and its page on resource
//! embedding describe it. Pure: text in, items with their bytes out; nothing here knows a schema.

use std::ops::Range;

/// Embeds nest no deeper than this; what does is left out.
const MAX_DEPTH: usize = 24;

/// A name with its bytes; quotes are not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its bytes in the select string.
    pub range: Range<usize>,
}

/// One item of a select list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `alias:` in front of it.
    pub alias: Option<Name>,
    /// What it selects.
    pub kind: ItemKind,
}

/// What an item selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// `*`
    Star,
    /// `column`, `column::type`, `column->path->>last`, `column.sum()`
    Column {
        /// The column.
        name: Name,
        /// The last element of a JSON path.
        path_end: Option<String>,
        /// The aggregate applied to it.
        aggregate: Option<String>,
    },
    /// `count()`
    Count,
    /// `relation!hint(items)`, `...relation(items)`
    Embed {
        /// Relation, foreign key column, foreign key constraint, or function.
        relation: Name,
        /// What stands behind `!`, but for `inner` and `left`.
        hint: Option<Name>,
        /// The items in parentheses.
        items: Vec<Item>,
        /// `...`: its keys belong to the row around it.
        spread: bool,
    },
}

impl Item {
    /// The key under which a result row has it; `None` for `*` and spreads.
    pub fn key(&self) -> Option<&str> {
        if let Some(alias) = &self.alias {
            return Some(&alias.text);
        }
        match &self.kind {
            ItemKind::Star | ItemKind::Embed { spread: true, .. } => None,
            ItemKind::Column { path_end: Some(last), .. } => Some(last),
            ItemKind::Column { aggregate: Some(function), .. } => Some(function),
            ItemKind::Column { name, .. } => Some(&name.text),
            ItemKind::Count => Some("count"),
            ItemKind::Embed { relation, .. } => Some(&relation.text),
        }
    }
}

/// Parses a select string. What does not fit the grammar is left out, so that the rest can still be read; an empty string selects everything.
pub fn parse(text: &str) -> Vec<Item> {
    let mut parser = Parser { text, at: 0 };
    let mut items = Vec::new();
    while parser.at < text.len() {
        items.extend(parser.items(0));
        // A closing parenthesis too many.
        parser.at += 1;
    }
    if items.is_empty() && text.trim().is_empty() {
        items.push(Item { alias: None, kind: ItemKind::Star });
    }
    items
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Items up to the end or an unmatched `)`, which stays.
    fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            self.blanks();
            match self.rest().chars().next() {
                None | Some(')') => return items,
                Some(',') => self.at += 1,
                Some(_) => {
                    items.extend(self.item(depth));
                    self.skip_item();
                }
            }
        }
    }

    fn item(&mut self, depth: usize) -> Option<Item> {
        let spread = self.eat("...");
        if !spread && self.eat("*") {
            return Some(Item { alias: None, kind: ItemKind::Star });
        }
        let mut name = self.name()?;
        let mut alias = None;
        self.blanks();
        if self.rest().starts_with(':') && !self.rest().starts_with("::") {
            self.at += 1;
            alias = Some(name);
            name = self.name()?;
        }
        let mut hint = None;
        while self.eat("!") {
            let said = self.name()?;
            if said.text != "inner" && said.text != "left" {
                hint = Some(said);
            }
        }
        if self.eat("(") {
            let items = if depth < MAX_DEPTH { self.items(depth + 1) } else { Vec::new() };
            self.eat(")");
            if name.text == "count" && items.is_empty() && hint.is_none() && !spread {
                return Some(Item { alias, kind: ItemKind::Count });
            }
            return Some(Item { alias, kind: ItemKind::Embed { relation: name, hint, items, spread } });
        }
        if spread || hint.is_some() {
            return None;
        }
        Some(self.column(alias, name))
    }

    /// What may follow a column's name: JSON path, casts, an aggregate.
    fn column(&mut self, alias: Option<Name>, name: Name) -> Item {
        let (mut path_end, mut aggregate) = (None, None);
        while self.eat("->") {
            self.eat(">");
            path_end = self.name().map(|n| n.text).or(path_end);
        }
        loop {
            if self.eat("::") {
                self.name();
            } else if self.eat(".") {
                aggregate = self.name().map(|n| n.text);
                if self.eat("(") {
                    self.eat(")");
                }
            } else {
                return Item { alias, kind: ItemKind::Column { name, path_end, aggregate } };
            }
        }
    }

    /// A name: quoted, or anything up to a sign of the grammar.
    fn name(&mut self) -> Option<Name> {
        self.blanks();
        if let Some(inner) = self.rest().strip_prefix('"') {
            let end = inner.find('"')?;
            let start = self.at + 1;
            self.at = start + end + 1;
            return Some(Name { text: self.text[start..start + end].to_owned(), range: start..start + end });
        }
        let rest = self.rest();
        let end = rest
            .char_indices()
            .find(|&(n, c)| matches!(c, ',' | '(' | ')' | ':' | '!' | '.' | '"') || rest[n..].starts_with("->"))
            .map_or(rest.len(), |(n, _)| n);
        let text = rest[..end].trim_end();
        let range = self.at..self.at + text.len();
        let name = Name { text: text.to_owned(), range };
        self.at += end;
        (!name.text.is_empty()).then_some(name)
    }

    /// Passes over whatever is left of an item that did not end where it should.
    fn skip_item(&mut self) {
        let mut depth = 0_usize;
        for (n, c) in self.rest().char_indices() {
            match c {
                '(' => depth += 1,
                ')' | ',' if depth == 0 => {
                    self.at += n;
                    return;
                }
                ')' => depth -= 1,
                _ => {}
            }
        }
        self.at = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items as short text: names as the source has them at their ranges.
    fn shape(text: &str) -> String {
        fn all(text: &str, items: &[Item]) -> String {
            items.iter().map(|i| one(text, i)).collect::<Vec<_>>().join(" ")
        }
        fn one(text: &str, item: &Item) -> String {
            let slice = |n: &Name| {
                assert_eq!(text[n.range.clone()], n.text);
                n.text.clone()
            };
            let body = match &item.kind {
                ItemKind::Star => "*".to_owned(),
                ItemKind::Count => "count()".to_owned(),
                ItemKind::Column { name, .. } => slice(name),
                ItemKind::Embed { relation, hint, items, spread } => {
                    let hint = hint.as_ref().map_or(String::new(), |h| format!("!{}", slice(h)));
                    format!("{}{}{hint}[{}]", if *spread { "..." } else { "" }, slice(relation), all(text, items))
                }
            };
            match item.key() {
                Some(key) => format!("{key}={body}"),
                None => body,
            }
        }
        all(text, &parse(text))
    }

    #[test]
    fn columns_aliases_casts_and_paths() {
        assert_eq!(shape("id, total"), "id=id total=total");
        assert_eq!(shape(""), "*");
        assert_eq!(shape("*"), "*");
        assert_eq!(shape("n:name, total::text, x : id::int"), "n=name total=total x=id");
        assert_eq!(shape("data->a->>b, data->0, j:data->>k"), "b=data 0=data j=data");
        assert_eq!(shape("\n  id,\n  \"odd, name\"\n"), "id=id odd, name=odd, name");
    }

    #[test]
    fn embeds_nest_and_carry_hints() {
        assert_eq!(shape("id, customers(name, tier)"), "id=id customers=customers[name=name tier=tier]");
        assert_eq!(shape("c:customers!inner(a:addresses!home_fk!left(city))"), "c=customers[a=addresses!home_fk[city=city]]");
        assert_eq!(shape("...customers(name), id"), "...customers[name=name] id=id");
        assert_eq!(shape("items(count), notes()"), "items=items[count=count] notes=notes[]");
    }

    #[test]
    fn aggregates() {
        assert_eq!(shape("count(), total.sum(), avg_total:total.avg()::int"), "count=count() sum=total avg_total=total");
    }

    #[test]
    fn broken_text_keeps_what_can_be_read() {
        assert_eq!(shape("id, , total)"), "id=id total=total");
        assert_eq!(shape("a(b(c"), "a=a[b=b[c=c]]");
        assert_eq!(shape("!x, id"), "id=id");
        let deep = "a(".repeat(10_000);
        assert!(!parse(&deep).is_empty());
    }
}
