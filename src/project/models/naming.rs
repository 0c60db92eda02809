//! Which table a mapped class stands for, by every way of saying so.

use crate::symbol::Symbol;

use crate::source::Location;
use crate::syntax::python::Expr;

use super::super::eval::Evaluator;
use super::super::index::{Binding, ClassId, FunctionDef, last_name};
use super::super::text::Text;
use super::super::value::Value;
use super::super::world::{Lineage, is_from};
use super::{bases, declarative, types::last};

/// Whether a decorator is `declared_attr`, or `declared_attr.directive` and its kin.
pub fn is_declared_attr(decorator: &Expr) -> bool {
    use crate::syntax::python::ExprKind;
    last_name(decorator).is_some_and(|n| matches!(n.as_str(), "declared_attr" | "declared_attribute"))
        || matches!(&decorator.kind, ExprKind::Attribute(a) if is_declared_attr(&a.value))
}

/// Whether a function is one that is asked once for each class.
pub fn is_class_function(def: &FunctionDef<'_>) -> bool {
    def.node.decorators.iter().any(|d| is_declared_attr(d) || last_name(d).is_some_and(|n| matches!(n.as_str(), "classproperty" | "declared_attr_directive")))
}

/// What `__tablename__` gives for a class, and where that is written.
pub fn table_name(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<(Symbol, Location)> {
    let name = Symbol::from("__tablename__");
    let world = ev.world;
    let lineage = world.lineage(class)?;
    // Flask-SQLAlchemy takes the name away again where a child brings no primary key: it shares its parent's table.
    if is_flask(lineage) && declarative::parent(ev, class).is_some() && !declarative::declares_primary_key(ev, class) {
        return None;
    }
    for (n, &owner) in lineage.mro.iter().enumerate() {
        let Some(bindings) = world.index.class(owner).names.get(&name) else { continue };
        let Some(binding) = bindings.last() else { continue };
        match *binding {
            Binding::Function(f) => {
                let v = ev.run_for(f, Value::Class(class));
                return text(&v, class_at(ev, class));
            }
            // A name that a mapped class gives itself is not handed on to its children.
            _ if n > 0 && declarative::is_mapped(ev, owner) => {}
            Binding::Value { value, .. } => {
                let place = super::super::world::Place { file: world.index.class(owner).file, class: Some(owner), function: None };
                let v = Evaluator::quiet_on(world, place, &ev.trail).eval(value);
                return text(&v, Location::new(place.file, value.span));
            }
            _ => return None,
        }
    }
    automatic(ev, class)
}

fn text(v: &Value<'_>, fallback: Location) -> Option<(Symbol, Location)> {
    let text = v.text()?;
    let name = text.constant()?;
    Some((Symbol::from(&name), text.location().unwrap_or(fallback)))
}

fn class_at(ev: &Evaluator<'_, '_>, class: ClassId) -> Location {
    let def = ev.world.index.class(class);
    Location::new(def.file, def.node.name.span)
}

/// The name that a library gives a class that does not name its table.
fn automatic(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<(Symbol, Location)> {
    let world = ev.world;
    let lineage = world.lineage(class)?;
    let at = class_at(ev, class);
    // A class that brings its table (`__table__ = outerjoin(…)`) is given no name.
    if matches!(world.class_member(class, Symbol::from("__table__")), Some((_, [.., Binding::Value { .. }]))) {
        return None;
    }
    let name = world.index.class(class).node.name;
    let has = |root: &str, names: &[&str]| lineage.outside.iter().any(|v| v.external().is_some_and(|p| is_from(p, root) && names.contains(&last(p))));
    if has("sqlmodel", &["SQLModel"]) {
        return Some((Symbol::from(&name.as_str().to_lowercase()), at));
    }
    if is_flask(lineage) {
        return Some((Symbol::from(&flask_name(name.as_str())), at));
    }
    let given = lineage.outside.iter().filter_map(Value::external).find_map(bases::table)?;
    let name = match given {
        bases::TableName::Fixed(text) => text.replace("{class}", &name.as_str().to_lowercase()),
        // The same rule as Flask-SQLAlchemy's.
        bases::TableName::Words => flask_name(name.as_str()),
    };
    Some((Symbol::from(&name), at))
}

fn is_flask(lineage: &Lineage<'_>) -> bool {
    lineage.outside.iter().any(|v| v.external().is_some_and(|p| is_from(p, "flask_sqlalchemy") && last(p) == "Model"))
}

/// Flask-SQLAlchemy's rule, `camel_to_snake_case`: a letter in upper case begins a word where the one before is in lower case or a digit, or where the next one is
/// in lower case.
pub fn flask_name(class: &str) -> String {
    let chars: Vec<char> = class.chars().collect();
    let mut out = String::new();
    for (n, &c) in chars.iter().enumerate() {
        let after_small = n > 0 && (chars[n - 1].is_ascii_lowercase() || chars[n - 1].is_ascii_digit());
        let before_small = n > 0 && chars.get(n + 1).is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && (after_small || before_small) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out.trim_start_matches('_').to_owned()
}

/// The known text of a value.
pub fn constant(v: &Value<'_>) -> Option<Symbol> {
    v.text().and_then(Text::constant).map(|s| Symbol::from(&s))
}

#[cfg(test)]
mod tests {
    use super::flask_name;

    #[test]
    fn flask_names() {
        assert_eq!(["User", "OrderLine", "HTTPLog", "OAuth2Token", "_Private"].map(flask_name), ["user", "order_line", "http_log", "o_auth2_token", "private"]);
    }
}
