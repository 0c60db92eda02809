//! Operator classes that an index takes by itself: PostgreSQL does not print them.

/// Access method and the types whose class `…_ops` (`…_minmax_ops` of BRIN) is the default one (`pg_opclass.opcdefault`, version 15).
const DEFAULT: &[(&str, &str)] = &[
    (
        "btree",
        "array bit bool bpchar bytea char date enum float4 float8 inet int2 int4 int8 interval jsonb macaddr8 macaddr money multirange name numeric oid \
         oidvector pg_lsn range record text tid time timestamp timestamptz timetz tsquery tsvector uuid varbit xid8 citext btree_hstore",
    ),
    (
        "hash",
        "aclitem array bool bpchar bytea char cid date enum float4 float8 inet int2 int4 int8 interval jsonb macaddr8 macaddr multirange name numeric oid \
         oidvector pg_lsn range record text tid time timestamp timestamptz timetz uuid xid8 xid citext hash_hstore",
    ),
    ("gin", "array jsonb tsvector gin_hstore"),
    ("gist", "box circle multirange point poly range tsquery tsvector gist_hstore gist_ltree gist_geometry_2d gist_geography"),
    ("spgist", "box inet poly quad_point range text"),
    (
        "brin",
        "bit box_inclusion bpchar bytea char date float4 float8 inet_inclusion int2 int4 int8 interval macaddr8 macaddr name numeric oid pg_lsn \
         range_inclusion text tid time timestamp timestamptz timetz uuid varbit",
    ),
    ("ivfflat", "vector_l2"),
];

/// Whether an access method takes that class by itself for the type that the class is of.
pub(super) fn is_default(method: &str, class: &str) -> bool {
    let Some((_, types)) = DEFAULT.iter().find(|(m, _)| *m == method) else { return false };
    let Some(name) = class.strip_suffix("_ops").or_else(|| class.strip_suffix("_ops_2d").filter(|c| *c == "gist_geometry")) else { return false };
    let name = if class.ends_with("_2d") { "gist_geometry_2d" } else { name };
    let name = if method == "brin" && !name.ends_with("_inclusion") { name.strip_suffix("_minmax").unwrap_or_default() } else { name };
    types.split_whitespace().any(|t| t == name)
}
