//! Pairs of what people write and what PostgreSQL prints for it; both must end in the third.

use super::*;
use proptest::prelude::*;

fn types_of(column: &str) -> Option<String> {
    let ty = match column {
        "status" | "email" => "varchar(20)",
        "name" => "text",
        "qty" => "integer",
        "big" => "bigint",
        "price" => "numeric(12,2)",
        "ratio" => "double precision",
        "day" => "date",
        "at" => "timestamp",
        "tags" => "varchar[]",
        _ => return None,
    };
    Some(ty.to_owned())
}

fn with_printer<T>(run: impl Fn(Printer<'_>) -> T) -> T {
    let path = ["public".to_owned()];
    let names = Unqualified { search_path: &path, extensions: &["extensions".to_owned()] };
    run(Printer { names, column_type: &types_of })
}

#[test]
fn conditions_mean_the_same_however_written() {
    for (written, printed, expected) in [
        ("status IN ('a','b')", "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", "status in ('a', 'b')"),
        ("status in ('a', 'b')", "((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))", "status in ('a', 'b')"),
        ("status in ('a')", "((status)::text = 'a'::text)", "status = 'a'"),
        ("name NOT IN ('a', 'b')", "(name <> ALL (ARRAY['a'::text, 'b'::text]))", "name not in ('a', 'b')"),
        ("qty>=0", "(qty >= 0)", "qty >= 0"),
        ("price > 0", "(price > (0)::numeric)", "price > 0"),
        ("ratio between 0 and 1", "((ratio >= (0)::double precision) AND (ratio <= (1)::double precision))", "ratio >= 0 and ratio <= 1"),
        ("qty > -1", "(qty > '-1'::integer)", "qty > -1"),
        ("a is not null or b IS NULL and c", "((a IS NOT NULL) OR ((b IS NULL) AND c))", "a is not null or b is null and c"),
        ("(a or b) and c", "((a OR b) AND c)", "(a or b) and c"),
        ("email LIKE '%@%'", "((email)::text ~~ '%@%'::text)", "email like '%@%'"),
        ("email !~~* 'x'", "((email)::text !~~* 'x'::text)", "email not ilike 'x'"),
        ("char_length(name) <= 10", "(char_length(name) <= 10)", "char_length(name) <= 10"),
        ("lower(email) = email", "(lower((email)::text) = (email)::text)", "lower(email) = email"),
        ("price * qty > 1.5", "((price * (qty)::numeric) > 1.5)", "price * qty > 1.5"),
        ("day > '2020-01-01'", "(day > '2020-01-01'::date)", "day > '2020-01-01'"),
        ("at < now() - interval '1 day'", "(at < (now() - '1 day'::interval))", "at < now() - '1 day'::interval"),
        ("not (a = b)", "(NOT (a = b))", "not a = b"),
        ("a != b", "(a <> b)", "a <> b"),
        ("extract(year from day) > 2000", "(date_part('year'::text, day) > (2000)::double precision)", "extract(year from day) > 2000"),
        ("coalesce(name, '') <> ''", "(COALESCE(name, ''::text) <> ''::text)", "coalesce(name, '') <> ''"),
        ("data->>'k' = 'v'", "((data ->> 'k'::text) = 'v'::text)", "data ->> 'k' = 'v'"),
        (
            "case when qty > 0 then 'x' else null end = 'x'",
            "(CASE WHEN (qty > 0) THEN 'x'::text ELSE NULL::text END = 'x'::text)",
            "case when qty > 0 then 'x' end = 'x'",
        ),
        ("(a - b) - c = a - (b - c)", "(((a - b) - c) = (a - (b - c)))", "a - b - c = a - (b - c)"),
        ("at AT TIME ZONE 'UTC' > x", "(timezone('UTC'::text, at) > x)", "at at time zone 'UTC' > x"),
        ("public.is_ok(name)", "public.is_ok(name)", "is_ok(name)"),
        ("extensions.similarity(name, 'x') > 0.5", "(extensions.similarity(name, 'x'::text) > (0.5)::double precision)", "similarity(name, 'x') > 0.5"),
        ("\"Odd\" = \"order\"", "(\"Odd\" = \"order\")", "\"Odd\" = \"order\""),
        ("value ~ '^[a-z]+$'", "(VALUE ~ '^[a-z]+$'::text)", "value ~ '^[a-z]+$'"),
        ("trim(name) <> ''", "(TRIM(BOTH FROM name) <> ''::text)", "btrim(name) <> ''"),
        ("qty IN (1, 2)", "(qty = ANY (ARRAY[1, 2]))", "qty in (1, 2)"),
        ("a is distinct from b", "(a IS DISTINCT FROM b)", "a is distinct from b"),
        ("num_nonnulls(a, b) = 1", "(num_nonnulls(a, b) = 1)", "num_nonnulls(a, b) = 1"),
        ("tags @> '{a}'", "(tags @> '{a}'::character varying[])", "tags @> '{a}'"),
        ("tags[1] = 'x'", "((tags[1])::text = 'x'::text)", "tags[1] = 'x'"),
    ] {
        with_printer(|p| {
            assert_eq!(p.condition(written), expected, "written {written}");
            assert_eq!(p.condition(printed), expected, "printed {printed}");
            assert_eq!(p.condition(expected), expected, "again {expected}");
        });
    }
}

#[test]
fn defaults_mean_the_same_however_written() {
    for (ty, written, printed, expected) in [
        ("text", "''", "''::text", "''::text"),
        ("varchar(20)", "'x'", "'x'::character varying", "'x'::varchar"),
        ("char(2)", "'x'", "'x'::bpchar", "'x'::bpchar"),
        ("order_status", "'draft'", "'draft'::public.order_status", "'draft'::order_status"),
        ("integer", "0", "0", "0"),
        ("integer", "'0'", "0", "0"),
        ("integer", "-1", "'-1'::integer", "-1"),
        ("bigint", "'0'::bigint", "'0'::bigint", "0"),
        ("numeric(12,2)", "0.00", "0.00", "0.00"),
        ("double precision", "0", "'0'::double precision", "0"),
        ("boolean", "'t'", "true", "true"),
        ("text[]", "'{a, \"b\", c d, null}'", "'{a,b,\"c d\",NULL}'::text[]", "'{a,b,\"c d\",NULL}'::text[]"),
        ("integer[]", "'{1, 2}'", "'{1,2}'::integer[]", "'{1,2}'::integer[]"),
        ("jsonb", "'{\"on\":false,\"t\":0.1}'", "'{\"t\": 0.1, \"on\": false}'::jsonb", "'{\"t\": 0.1, \"on\": false}'::jsonb"),
        ("jsonb", "'{\"t\":0.10}'", "'{\"t\":0.10}'::jsonb", "'{\"t\":0.10}'::jsonb"),
        ("boolean", "FALSE", "false", "false"),
        ("timestamptz", "NOW()", "now()", "now()"),
        ("timestamptz", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", "current_timestamp"),
        ("uuid", "uuid_generate_v4()", "extensions.uuid_generate_v4()", "uuid_generate_v4()"),
        ("integer", "nextval('s')", "nextval('public.s'::regclass)", "nextval('s'::regclass)"),
        ("integer", "nextval('\"S x\"')", "nextval('public.\"S x\"'::regclass)", "nextval('\"S x\"'::regclass)"),
        ("jsonb", "'{\"bb\":1,\"a\":[1,2]}'", "'{\"a\": [1, 2], \"bb\": 1}'::jsonb", "'{\"a\": [1, 2], \"bb\": 1}'::jsonb"),
        ("json", "'{\"a\":1}'", "'{\"a\":1}'::json", "'{\"a\":1}'::json"),
        ("interval", "'1 hour'", "'01:00:00'::interval", "'01:00:00'::interval"),
        ("interval", "interval '2 weeks'", "'14 days'::interval", "'14 days'::interval"),
        ("date", "'2020-01-01'", "'2020-01-01'::date", "'2020-01-01'::date"),
        ("timestamp", "'2020-01-01'", "'2020-01-01 00:00:00'::timestamp without time zone", "'2020-01-01 00:00:00'::timestamp"),
        ("text[]", "'{}'", "'{}'::text[]", "'{}'::text[]"),
        ("text[]", "array[]::text[]", "ARRAY[]::text[]", "array[]::text[]"),
        ("text[]", "array['a']", "ARRAY['a'::text]", "array['a']"),
        ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid"),
        ("timestamptz", "now() + interval '1 day'", "(now() + '1 day'::interval)", "now() + '1 day'::interval"),
        ("text", "'it''s'", "'it''s'::text", "'it''s'::text"),
        ("text", "E'a\\nb'", "'a\nb'::text", "'a\nb'::text"),
    ] {
        with_printer(|p| {
            assert_eq!(p.default(written, ty).as_deref(), Some(expected), "written {written}");
            assert_eq!(p.default(printed, ty).as_deref(), Some(expected), "printed {printed}");
            assert_eq!(p.default(expected, ty).as_deref(), Some(expected), "again {expected}");
        });
    }
    with_printer(|p| {
        assert_eq!(p.default("NULL", "text"), None);
        assert_eq!(p.default("NULL::character varying", "varchar(3)"), None);
    });
}

#[test]
fn indexes_mean_the_same_however_written() {
    for (written, printed, expected) in [
        ("(a, b)", "USING btree (a, b)", "btree (a, b)"),
        (
            "USING BTREE (lower(email) varchar_pattern_ops DESC NULLS FIRST)",
            "USING btree (lower((email)::text) varchar_pattern_ops DESC)",
            "btree (lower(email) varchar_pattern_ops desc)",
        ),
        ("((a + b)) where active", "USING btree (((a + b))) WHERE active", "btree ((a + b)) where (active)"),
        ("gin (f((a ->> 'x')::varchar))", "USING gin (f((((a ->> 'x'::text))::character varying)::text))", "gin (f(a ->> 'x'))"),
        ("gin ((a #>> '{x, \"y\", z z}'))", "USING gin (((a #>> '{x,y,\"z z\"}'::text[])))", "gin ((a #>> '{x,y,\"z z\"}'))"),
        ("gin (tags array_ops, a jsonb_path_ops)", "USING gin (tags, a jsonb_path_ops)", "gin (tags, a jsonb_path_ops)"),
        ("using btree (a text_ops desc, b pg_catalog.int4_ops)", "USING btree (a DESC, b)", "btree (a desc, b)"),
        ("using gin (name extensions.gin_trgm_ops) with (fastupdate = off)", "USING gin (name public.gin_trgm_ops)", "gin (name gin_trgm_ops)"),
        (
            "(a asc, b desc nulls last) include (c) nulls not distinct",
            "USING btree (a, b DESC NULLS LAST) INCLUDE (c) NULLS NOT DISTINCT",
            "btree (a, b desc nulls last) include (c) nulls not distinct",
        ),
        ("(name collate \"C\")", "USING btree (name COLLATE \"C\")", "btree (name collate \"C\")"),
        (
            "using gist (room with =, during with &&) where (room > 0)",
            "USING gist (room WITH =, during WITH &&) WHERE ((room > 0))",
            "gist (room with =, during with &&) where (room > 0)",
        ),
        (
            "using hnsw (embedding vector_cosine_ops) with (m='16', ef_construction='64')",
            "USING hnsw (embedding extensions.vector_cosine_ops)",
            "hnsw (embedding vector_cosine_ops)",
        ),
    ] {
        with_printer(|p| {
            assert_eq!(p.index(written), expected, "written {written}");
            assert_eq!(p.index(printed), expected, "printed {printed}");
            assert_eq!(p.index(expected), expected, "again {expected}");
        });
    }
}

#[test]
fn what_is_not_understood_is_left_alone() {
    with_printer(|p| {
        assert_eq!(p.condition("(xmlelement(name  foo,\n A))"), "(xmlelement(name foo, a))");
        assert_eq!(p.condition("a = 'x"), "a = 'x");
        assert_eq!(p.condition(&"(".repeat(100_000)).len(), 100_000);
        assert_eq!(p.condition(&"not ".repeat(100_000)).len(), 400_000 - 1);
    });
}

proptest! {
    #[test]
    fn printing_twice_changes_nothing(text in "([a-c]|\\(|\\)| and | or |not | = | - |1|'x'| in \\(1,2\\)|::text| like |, |f\\(){1,12}") {
        with_printer(|p| {
            let once = p.condition(&text);
            assert_eq!(p.condition(&once), once, "{text}");
        });
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,80}") {
        with_printer(|p| {
            let _ = (p.condition(&text), p.default(&text, "integer"), p.index(&text));
        });
    }
}
