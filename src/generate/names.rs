//! Python names for what the database calls as it likes.

use std::collections::BTreeSet;

use crate::schema::QualifiedName;

/// Python's keywords, and the builtins that generated annotations use: an attribute of that name would hide them from the lines below it.
const TAKEN: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "bool",
    "bytes",
    "datetime",
    "decimal",
    "dict",
    "enum",
    "float",
    "int",
    "ipaddress",
    "list",
    "pg",
    "pydantic",
    "relationship",
    "sa",
    "sqlmodel",
    "str",
    "typing",
    "uuid",
    "Mapped",
    "mapped_column",
];

/// A Python identifier for a column; `reserved` are the framework's own attributes, `used` those given out in this class.
///
/// Names that are no identifiers, that Python folds (NFKC, as all non-ASCII ones may be), or that mean something else get another name; the column's own is then written
/// beside it.
pub fn attribute(column: &str, reserved: impl Fn(&str) -> bool, used: &mut BTreeSet<String>) -> String {
    let mut name: String = column.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    // A leading underscore makes an attribute private, in Pydantic to the point of vanishing.
    let trimmed = name.trim_start_matches('_');
    if trimmed.len() < name.len() {
        name = if trimmed.is_empty() { "column_".to_owned() } else { format!("{trimmed}_") };
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name = format!("column_{name}");
    }
    let bad = |name: &str| TAKEN.contains(&name) || reserved(name);
    if bad(&name) {
        name.push('_');
    }
    // Some frameworks reserve whole prefixes.
    if bad(&name) {
        name.insert_str(0, "column_");
    }
    unique(name, used)
}

/// The name, or the first of `name_2`, `name_3`… that is free; takes it.
pub fn unique(name: String, used: &mut BTreeSet<String>) -> String {
    let mut chosen = name.clone();
    let mut n = 2;
    while !used.insert(chosen.clone()) {
        chosen = format!("{name}_{n}");
        n += 1;
    }
    chosen
}

/// A class name for a relation: singular, in capitals and small letters. A second relation that comes to the same name gets its schema's in front.
pub fn class(relation: &QualifiedName, used: &mut BTreeSet<String>) -> String {
    let plain = camel(&singular(&relation.name));
    if used.contains(&plain) {
        return unique(format!("{}{plain}", camel(&relation.schema)), used);
    }
    unique(plain, used)
}

/// `order_status` → `OrderStatus`
pub fn camel(name: &str) -> String {
    let mut out = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()) {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.extend(chars);
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'T');
    }
    if TAKEN.contains(&out.as_str()) || RESERVED_CLASSES.contains(&out.as_str()) {
        out.push_str("Model");
    }
    out
}

/// Class names that the generated files use themselves.
const RESERVED_CLASSES: &[&str] = &["Any", "Base", "DeclarativeBase", "Literal", "Row", "Insert", "Update", "PgType"];

/// The last word of a table's name in the singular, by the common endings of English.
pub fn singular(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let keep = |n: usize| name[..name.len() - n].to_owned();
    if lower.len() < 4 || ["ss", "us", "is", "news", "series", "species"].iter().any(|e| lower.ends_with(e)) {
        return name.to_owned();
    }
    if lower.ends_with("ies") {
        return keep(3) + "y";
    }
    if ["ches", "shes", "xes", "sses", "zes"].iter().any(|e| lower.ends_with(e)) {
        return keep(2);
    }
    if lower.ends_with("uses") {
        return keep(2);
    }
    if lower.ends_with('s') { keep(1) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_classes() {
        for (table, expected) in [
            ("batches", "Batch"),
            ("order_items", "OrderItem"),
            ("categories", "Category"),
            ("status", "Status"),
            ("addresses", "Address"),
            ("2fa", "T2fa"),
            ("base", "BaseModel"),
        ] {
            assert_eq!(class(&QualifiedName::new("public", table), &mut BTreeSet::new()), expected);
        }
        let mut used = BTreeSet::new();
        class(&QualifiedName::new("public", "users"), &mut used);
        assert_eq!(class(&QualifiedName::new("auth", "users"), &mut used), "AuthUser");
    }

    #[test]
    fn columns_become_identifiers() {
        let mut used = BTreeSet::new();
        let mut name = |c| attribute(c, |n| n == "metadata", &mut used);
        let given = ["class", "1st", "a b", "_id", "metadata", "date", "é", "A b", "a_b", "int"].map(&mut name);
        assert_eq!(given, ["class_", "column_1st", "a_b", "id_", "metadata_", "date", "column_", "A_b", "a_b_2", "int_"]);
    }
}
