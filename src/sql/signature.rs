//! Which overload of a built-in function or operator PostgreSQL takes, and so the type of its result.
//!
//! The rules are those of `func_select_candidate` (`src/backend/parser/parse_func.c`; "Functions" under "Type Conversion" in the manual), over the
//! signatures of `pg_proc` and `pg_operator` of version 15 that `builtin/signatures.txt` holds: `t` type and category, `c` implicit cast,
//! `f` function, `o` operator.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

struct Signature {
    arguments: Vec<&'static str>,
    result: &'static str,
}

#[derive(Default)]
struct Signatures {
    categories: FxHashMap<&'static str, (char, bool)>,
    casts: FxHashSet<(&'static str, &'static str)>,
    functions: FxHashMap<&'static str, Vec<Signature>>,
    operators: FxHashMap<&'static str, Vec<Signature>>,
}

fn signatures() -> &'static Signatures {
    static ALL: OnceLock<Signatures> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = Signatures::default();
        for line in include_str!("builtin/signatures.txt").lines() {
            let mut fields = line.split('\t');
            let (Some(kind), Some(name), Some(third)) = (fields.next(), fields.next(), fields.next()) else { continue };
            let mut signature = || Signature { arguments: third.split(',').filter(|a| !a.is_empty()).collect(), result: fields.next().unwrap_or_default() };
            match kind {
                "t" => drop(all.categories.insert(name, (third.chars().next().unwrap_or('U'), third.ends_with('!')))),
                "c" => drop(all.casts.insert((name, third))),
                "f" => all.functions.entry(name).or_default().push(signature()),
                _ => all.operators.entry(name).or_default().push(signature()),
            }
        }
        all
    })
}

/// The result of a function of `pg_catalog` over arguments of those types; an empty name is a literal without a type. `None` where it is not known.
pub(super) fn function_result(name: &str, arguments: &[String]) -> Option<String> {
    select(signatures().functions.get(name)?, arguments)
}

/// The result of an operator with two operands (or one).
pub(super) fn operator_result(name: &str, operands: &[String]) -> Option<String> {
    // A literal is first taken for the other side's type (`oper()` in `parse_oper.c`).
    let candidates = signatures().operators.get(name)?;
    if let [left, right] = operands
        && left.is_empty() != right.is_empty()
    {
        let known = if left.is_empty() { right } else { left };
        if let Some(exact) = candidates.iter().find(|c| c.arguments == [known.as_str(), known.as_str()]) {
            return Some(exact.result.to_owned());
        }
    }
    select(candidates, operands)
}

/// The type of a CASE, COALESCE, UNION… over values of those types ("UNION, CASE, and Related Constructs" in the manual).
pub(super) fn common_type<'a>(a: &'a str, b: &'a str) -> Option<&'a str> {
    if a == b || b.is_empty() {
        return Some(a);
    }
    if a.is_empty() {
        return Some(b);
    }
    let (first, second) = (category(a), category(b));
    if first.0 != second.0 || first.0 == 'E' {
        return None;
    }
    // The first type stays unless it is not preferred and can only be turned into the other (`select_common_type` in `parse_coerce.c`).
    let casts = &signatures().casts;
    let forth = casts.iter().any(|(x, y)| *x == a && *y == b);
    let back = casts.iter().any(|(x, y)| *x == b && *y == a);
    match (forth, back) {
        (true, false) if !first.1 => Some(b),
        (_, true) => Some(a),
        _ => None,
    }
}

fn category(ty: &str) -> (char, bool) {
    if ty.ends_with("[]") {
        return ('A', false);
    }
    signatures().categories.get(ty).copied().unwrap_or(('U', false))
}

fn select(candidates: &[Signature], given: &[String]) -> Option<String> {
    let mut fits: Vec<&Signature> = candidates.iter().filter(|c| c.arguments.len() == given.len()).collect();
    if let Some(exact) = fits.iter().find(|c| c.arguments.iter().zip(given).all(|(want, have)| want == have)) {
        return result(exact, given);
    }
    fits.retain(|c| c.arguments.iter().zip(given).all(|(want, have)| accepts(want, have)));
    narrow(&mut fits, given, |want, have| want == have);
    narrow(&mut fits, given, |want, have| want == have || !have.is_empty() && category(want) == (category(have).0, true));
    literals(&mut fits, given);
    let first = fits.first()?;
    fits.iter().all(|c| c.result == first.result).then(|| result(first, given)).flatten()
}

/// Keeps the candidates with the most arguments (that have a type) for which `good` holds.
fn narrow(fits: &mut Vec<&Signature>, given: &[String], good: impl Fn(&str, &str) -> bool) {
    let score = |c: &Signature| c.arguments.iter().zip(given).filter(|(want, have)| !have.is_empty() && good(want, have)).count();
    let best = fits.iter().map(|c| score(c)).max().unwrap_or_default();
    fits.retain(|c| score(c) == best);
}

/// For literals: text if any candidate takes it there, else the category that all share; its preferred type if there is one.
fn literals(fits: &mut Vec<&Signature>, given: &[String]) {
    for n in (0..given.len()).filter(|n| given[*n].is_empty()) {
        if fits.len() < 2 {
            return;
        }
        let wanted = if fits.iter().any(|c| category(c.arguments[n]).0 == 'S') { 'S' } else { category(fits[0].arguments[n]).0 };
        if fits.iter().any(|c| category(c.arguments[n]).0 == wanted) {
            fits.retain(|c| category(c.arguments[n]).0 == wanted);
        }
        if fits.iter().any(|c| category(c.arguments[n]).1) {
            fits.retain(|c| category(c.arguments[n]).1);
        }
    }
}

fn accepts(want: &str, have: &str) -> bool {
    if have.is_empty() || want == have {
        return true;
    }
    match want {
        "any" | "anyelement" | "anycompatible" => true,
        "anyarray" | "anycompatiblearray" => have.ends_with("[]"),
        "anynonarray" | "anycompatiblenonarray" => !have.ends_with("[]"),
        "anyrange" => have.ends_with("range") && !have.ends_with("multirange"),
        "anymultirange" => have.ends_with("multirange"),
        "anyenum" => !signatures().categories.contains_key(have) && !have.ends_with("[]"),
        _ => signatures().casts.iter().any(|(from, to)| *from == have && *to == want),
    }
}

/// The result's type, with polymorphic ones filled in.
fn result(found: &Signature, given: &[String]) -> Option<String> {
    if !found.result.starts_with("any") {
        return Some(found.result.to_owned());
    }
    let pairs = || found.arguments.iter().zip(given).filter(|(_, have)| !have.is_empty());
    let element = pairs().find_map(|(want, have)| match *want {
        "anyelement" | "anynonarray" | "anyenum" | "anycompatible" | "anycompatiblenonarray" => Some(have.clone()),
        "anyarray" | "anycompatiblearray" => have.strip_suffix("[]").map(str::to_owned),
        _ => None,
    });
    match found.result {
        "anyelement" | "anynonarray" | "anyenum" | "anycompatible" | "anycompatiblenonarray" => {
            element.filter(|_| !found.arguments.iter().any(|a| a.ends_with("range")))
        }
        "anyarray" | "anycompatiblearray" => element.map(|e| if e.ends_with("[]") { e } else { format!("{e}[]") }),
        same => pairs().find(|(want, _)| **want == same).map(|(_, have)| have.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, arguments: &[&str]) -> Option<String> {
        function_result(name, &arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
    }

    fn operator(name: &str, operands: &[&str]) -> Option<String> {
        operator_result(name, &operands.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn overloads_are_chosen_as_postgresql_does() {
        for (name, arguments, expected) in [
            ("lower", vec!["varchar"], Some("text")),
            ("lower", vec![""], Some("text")),
            ("date_trunc", vec!["", "timestamptz"], Some("timestamptz")),
            ("date_trunc", vec!["", "date"], Some("timestamptz")),
            ("avg", vec!["integer"], Some("numeric")),
            ("sum", vec!["real"], Some("real")),
            ("round", vec!["numeric", "integer"], Some("numeric")),
            ("round", vec!["integer"], Some("double precision")),
            ("max", vec!["varchar"], Some("text")),
            ("max", vec!["public.mood"], Some("public.mood")),
            ("array_agg", vec!["uuid"], Some("uuid[]")),
            ("array_append", vec!["text[]", ""], Some("text[]")),
            ("nothing_of_that_name", vec![], None),
        ] {
            assert_eq!(function(name, &arguments).as_deref(), expected, "{name} {arguments:?}");
        }
    }

    #[test]
    fn operators_too() {
        for (name, operands, expected) in [
            ("*", vec!["numeric", "integer"], Some("numeric")),
            ("/", vec!["integer", "bigint"], Some("bigint")),
            ("+", vec!["date", "integer"], Some("date")),
            ("-", vec!["timestamptz", "interval"], Some("timestamptz")),
            ("-", vec!["timestamp", "timestamp"], Some("interval")),
            ("-", vec!["timestamptz", "date"], Some("interval")),
            ("||", vec!["varchar", ""], Some("text")),
            ("||", vec!["text", "integer"], Some("text")),
            ("||", vec!["text[]", "text"], Some("text[]")),
            ("->", vec!["jsonb", ""], Some("jsonb")),
            ("-", vec!["integer"], Some("integer")),
        ] {
            assert_eq!(operator(name, &operands).as_deref(), expected, "{name} {operands:?}");
        }
        assert_eq!(common_type("integer", "numeric"), Some("numeric"));
        assert_eq!(common_type("timestamptz", "date"), Some("timestamptz"));
        assert_eq!(common_type("varchar", "text"), Some("varchar"));
        assert_eq!(common_type("text", "varchar"), Some("text"));
        assert_eq!(common_type("integer", "text"), None);
    }
}
