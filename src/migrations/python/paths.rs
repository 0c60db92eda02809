//! Files of the project that a migration reads: `Path(__file__).parent / "up.sql"`, `open(os.path.join(HERE, "up.sql")).read()`.
//!
//! A path, what `open` gives for it and what `with` binds are one value here. Only SQL is read.

use std::rc::Rc;

use super::value::{Args, Value};
use super::{Host, Machine};
use crate::source::{Language, Location};
use crate::symbol::Symbol;

/// Folders above a module in which a path may begin that is not made of `__file__`: the working directory is one of them.
const ABOVE: usize = 6;

/// So many folders `.parents` lists.
const PARENTS: usize = 12;

/// A path or file as a value.
pub(super) fn path<'a>(text: &str) -> Value<'a> {
    Value::Path(text.into())
}

/// The path that a value spells; `None` where it is none.
fn spelt(value: &Value<'_>) -> Option<Rc<str>> {
    match value {
        Value::Path(p) => Some(Rc::clone(p)),
        _ => value.constant().map(Rc::from),
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// `a / b`, as Python joins: an absolute second part takes the place of the first.
fn join<'a>(base: &str, parts: impl Iterator<Item = Option<Rc<str>>>) -> Option<Value<'a>> {
    let mut out = base.to_owned();
    for part in parts {
        let part = part?;
        out = if out.is_empty() || part.starts_with('/') { part.to_string() } else { format!("{}/{part}", out.trim_end_matches('/')) };
    }
    Some(path(&normal(&out)))
}

/// Without `.` and, where something stands before it, `..`.
fn normal(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if out.last().is_some_and(|last| *last != "..") => drop(out.pop()),
            part => out.push(part),
        }
    }
    format!("{}{}", if path.starts_with('/') { "/" } else { "" }, out.join("/"))
}

/// `function(args)` of the modules that make paths and open files.
pub(super) fn call<'a>(function: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let first = args.positional.first().map(|a| &a.0);
    let parts = || args.positional.iter().map(|a| spelt(&a.0));
    let known = || first.and_then(spelt).map_or(Value::Unknown, |p| path(&p));
    Some(match function {
        "builtins.open" | "io.open" | "codecs.open" => {
            let mode = args.text(1, "mode").unwrap_or_default();
            if mode.contains(['w', 'a', 'x', '+']) { Value::Unknown } else { args.get(0, "file").and_then(spelt).map_or(Value::Unknown, |p| path(&p)) }
        }
        "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "os.path.join" if !args.open => join("", parts()).unwrap_or_default(),
        "os.path.dirname" => first.and_then(spelt).map_or(Value::Unknown, |p| path(parent(&p))),
        "os.path.basename" => first.and_then(spelt).map_or(Value::Unknown, |p| Value::text(name(&p), at)),
        "os.path.splitext" => match first.and_then(spelt) {
            Some(p) => {
                let dot = p.rfind('.').filter(|dot| !p[*dot..].contains('/')).unwrap_or(p.len());
                let stem = if matches!(first, Some(Value::Path(_))) { path(&p[..dot]) } else { Value::text(&p[..dot], at) };
                Value::Tuple(Rc::new(vec![stem, Value::text(&p[dot..], at)]))
            }
            None => Value::Unknown,
        },
        "os.path.abspath" | "os.path.realpath" | "os.path.normpath" | "os.fspath" => known(),
        "builtins.str" if matches!(first, Some(Value::Path(_))) => known(),
        _ => return None,
    })
}

/// Functions that find a file in a package: `importlib.resources.files("shop.sql")`, `pkgutil.get_data(__name__, "up.sql")`. A package is a folder of that path below one of
/// the folders above the module that asks.
pub(super) fn resource<'a, H: Host<'a>>(m: &Machine<'_, 'a, H>, function: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let function = function.strip_prefix("importlib.resources.").or_else(|| function.strip_prefix("importlib_resources.")).or_else(|| {
        let others = ["pkgutil.get_data", "pkg_resources.resource_string", "pkg_resources.resource_filename", "pkg_resources.resource_stream"];
        others.contains(&function).then_some(function)
    })?;
    if function == "as_file" {
        return args.positional.first().and_then(|a| spelt(&a.0)).map(|p| path(&p));
    }
    let package = match args.positional.first().map(|a| &a.0) {
        Some(Value::Module(module)) => parent(&m.modules[*module].path).to_owned(),
        Some(value) => match value.path() {
            Some("builtins.__name__" | "builtins.__package__") => parent(m.own_path()).to_owned(),
            Some(dotted) => dotted.replace('.', "/"),
            None => value.constant()?.replace('.', "/"),
        },
        None => parent(m.own_path()).to_owned(),
    };
    if function == "files" {
        return Some(path(&package));
    }
    let file = join(&package, args.positional.iter().skip(1).take(1).map(|a| spelt(&a.0)))?;
    match function {
        "read_text" | "read_binary" | "pkgutil.get_data" | "pkg_resources.resource_string" => Some(Value::text(&read(m, &spelt(&file)?)?, at)),
        "open_text" | "open_binary" | "path" | "pkg_resources.resource_filename" | "pkg_resources.resource_stream" => Some(file),
        _ => None,
    }
}

/// `path.name`
pub(super) fn attribute<'a>(of: &str, attribute: &str, at: Location) -> Value<'a> {
    let last = name(of);
    let dot = last.rfind('.').filter(|n| *n > 0).unwrap_or(last.len());
    match attribute {
        "parent" => path(parent(of)),
        "parents" => {
            let above = std::iter::successors(Some(parent(of)), |p| (!p.is_empty()).then(|| parent(p)));
            Value::list(above.take(PARENTS).map(path).collect(), true)
        }
        "name" => Value::text(last, at),
        "stem" => Value::text(&last[..dot], at),
        "suffix" => Value::text(&last[dot..], at),
        _ => Value::Unknown,
    }
}

/// `path.name(args)`, of a path or of what `open` gave for it.
pub(super) fn method<'a, H: Host<'a>>(m: &Machine<'_, 'a, H>, of: &str, method: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let first = || args.positional.first().and_then(|a| spelt(&a.0));
    match method {
        "resolve" | "absolute" | "expanduser" | "open" | "__enter__" | "as_posix" | "__str__" => Some(path(of)),
        "joinpath" if !args.open => join(of, args.positional.iter().map(|a| spelt(&a.0))),
        "with_name" => join(parent(of), std::iter::once(first())),
        "with_suffix" => {
            let last = name(of);
            let stem = last.rfind('.').filter(|n| *n > 0).map_or(last, |n| &last[..n]);
            join(parent(of), std::iter::once(Some(format!("{stem}{}", first()?).into())))
        }
        "read" | "read_text" | "read_bytes" if args.positional.is_empty() || method != "read" => Some(Value::text(&read(m, of)?, at)),
        "exists" | "is_file" => read(m, of).map(|_| Value::Bool(true)),
        _ => None,
    }
}

/// The text of a file of SQL: at that path, or below a folder above the module that asks.
fn read<'a, H: Host<'a>>(m: &Machine<'_, 'a, H>, of: &str) -> Option<String> {
    let wanted = normal(of);
    if crate::discover::language_of(std::path::Path::new(&wanted)) != Some(Language::Sql) {
        return None;
    }
    let own = m.own_path();
    let above = std::iter::successors(Some(parent(own)), |p| (!p.is_empty()).then(|| parent(p))).take(ABOVE);
    let places = std::iter::once(wanted.clone()).chain(above.filter(|_| !wanted.starts_with('/')).map(|f| normal(&format!("{f}/{wanted}"))));
    // An absolute path leads into the project only where the project's own are absolute.
    places.filter(|p| !p.starts_with('/') || own.starts_with('/')).find_map(|p| m.files.text(&p))
}

/// `left / right` and `left + right` with a path in front.
pub(super) fn followed_by<'a>(left: &str, right: &Value<'a>, slash: bool) -> Value<'a> {
    let Some(right) = spelt(right) else { return Value::Unknown };
    if slash { join(left, std::iter::once(Some(right))).unwrap_or_default() } else { path(&format!("{left}{right}")) }
}

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    /// The path of the module whose code runs.
    pub(super) fn own_path(&self) -> &str {
        self.frames.last().map_or("", |f| &self.modules[f.module].path)
    }

    /// `__file__`
    pub(super) fn own_file(&self, name: Symbol) -> Option<Value<'a>> {
        (name.as_str() == "__file__").then(|| path(self.own_path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_together_as_python_does() {
        for (given, expected) in [("a/./b/../c.sql", "a/c.sql"), ("/a/../b", "/b"), ("../a/../b", "../b"), ("./x.sql", "x.sql"), ("", "")] {
            assert_eq!(normal(given), expected, "{given}");
        }
        let joined = |base: &str, part: &str| join(base, std::iter::once(Some(part.into()))).and_then(|v| spelt(&v)).unwrap_or_default().to_string();
        assert_eq!((joined("a/b", "../c").as_str(), joined("a", "/c").as_str(), joined("", "c").as_str()), ("a/c", "/c", "c"));
    }
}
