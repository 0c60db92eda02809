//! Functions of `PostGIS` that change a table: `AddGeometryColumn` and `DropGeometryColumn`
//! (<https://postgis.net/docs/AddGeometryColumn.html>, <https://postgis.net/docs/DropGeometryColumn.html>).

use crate::schema::lock::quote;
use crate::syntax::sql::ast::{Call, Expr, ExprKind, QueryBody, StatementKind};

/// The kinds of geometry, as `PostGIS` writes them.
const KINDS: [&str; 16] = [
    "Geometry",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
    "CircularString",
    "CompoundCurve",
    "CurvePolygon",
    "MultiCurve",
    "MultiSurface",
    "PolyhedralSurface",
    "Triangle",
    "Tin",
];

/// Whether the text speaks of these functions at all.
pub(super) fn mentioned(text: &str) -> bool {
    text.as_bytes().windows(14).any(|w| w.eq_ignore_ascii_case(b"geometrycolumn"))
}

/// Statements that do what a query does that asks for such functions.
pub fn changes(kind: &StatementKind) -> Vec<String> {
    let StatementKind::Query(query) = kind else { return Vec::new() };
    let QueryBody::Select(select) = &query.body else { return Vec::new() };
    let call = |e: &ExprKind| if let ExprKind::Call(call) = e { as_statement(call) } else { None };
    select.targets.iter().filter_map(|t| call(&t.expr.kind)).collect()
}

/// The statement that does the same.
pub(super) fn as_statement(call: &Call) -> Option<String> {
    let adds = match call.name.name.as_str() {
        "addgeometrycolumn" => true,
        "dropgeometrycolumn" => false,
        _ => return None,
    };
    // `([[catalog,] schema,] table, column, srid, type, dimension)`: the names end where the number begins, which may be written as a text.
    let is_number = |text: &str| text.trim().parse::<i64>().is_ok();
    let string = |a: &Expr| if let ExprKind::String(text) = &a.kind { Some(text.clone()) } else { None };
    let names: Vec<String> = call.args.iter().map_while(string).take_while(|text| !is_number(text)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let names = names.as_slice();
    let (schema, table, column) = match names {
        [table, column] => ("", *table, *column),
        [schema, table, column] | [_, schema, table, column] => (*schema, *table, *column),
        _ => return None,
    };
    let schema = if schema.is_empty() { String::new() } else { quote(schema) + "." };
    let target = format!("ALTER TABLE {schema}{}", quote(table));
    if !adds {
        return Some(format!("{target} DROP COLUMN {}", quote(column)));
    }
    let mut rest = call.args[names.len()..].iter();
    // A negative number is no constant here: it means no reference system.
    let number = |a: &Expr| if let ExprKind::Number(n) | ExprKind::String(n) = &a.kind { n.trim().parse::<u32>().ok() } else { None };
    let srid = rest.next().and_then(number).unwrap_or(0);
    let kind = rest.next().and_then(|a| if let ExprKind::String(kind) = &a.kind { Some(kind.as_str()) } else { None })?;
    let dimension = rest.next().and_then(number).unwrap_or(2);
    let measured = kind.ends_with(['M', 'm']);
    let written = kind.trim_end_matches(['M', 'm', 'Z', 'z']);
    let kind = KINDS.iter().find(|k| k.eq_ignore_ascii_case(written))?;
    let measure = match dimension {
        3 if measured => "M",
        3 => "Z",
        4 => "ZM",
        _ => "",
    };
    let srid = if srid == 0 { String::new() } else { format!(",{srid}") };
    Some(format!("{target} ADD COLUMN {} geometry({kind}{measure}{srid})", quote(column)))
}
