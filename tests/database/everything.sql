-- One of everything that a lock can hold, as people write it. Loaded into a server and read offline; both must give the same lock.

CREATE SCHEMA app;
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION pg_trgm WITH SCHEMA extensions;
CREATE EXTENSION btree_gist;

CREATE TYPE order_status AS ENUM ('draft', 'confirmed', 'it''s shipped', 'cancelled');
ALTER TYPE order_status ADD VALUE 'paid' BEFORE 'it''s shipped';
ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'archived' AFTER 'draft';
ALTER TYPE order_status RENAME VALUE 'cancelled' TO 'canceled';
CREATE TYPE app."Mood" AS ENUM ('yes', 'no', 'null');
CREATE TYPE address AS (city varchar(40), "Zip Code" text, moods app."Mood"[]);
ALTER TYPE address ADD ATTRIBUTE country char(2);
ALTER TYPE address DROP ATTRIBUTE moods;
CREATE TYPE price_range AS RANGE (subtype = numeric);
CREATE DOMAIN email AS citext NOT NULL DEFAULT '' CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE DOMAIN app.percent numeric(5,2) CONSTRAINT percent_range CHECK (VALUE >= 0 AND VALUE <= 100);
ALTER DOMAIN app.percent ADD CHECK (value <> 50);
ALTER DOMAIN app.percent SET DEFAULT 10;

CREATE SEQUENCE invoice_seq START 100;
CREATE SEQUENCE app.shared_seq;

CREATE TABLE products (
    id serial PRIMARY KEY,
    name text NOT NULL,
    code varchar(20) UNIQUE,
    kind char(3) DEFAULT 'abc',
    price numeric(12, 2) NOT NULL DEFAULT 0.00,
    cost numeric DEFAULT 0,
    margin numeric(12,2) GENERATED ALWAYS AS (price - cost) STORED,
    ratio double precision DEFAULT 1.5,
    tags text[] NOT NULL DEFAULT '{}',
    labels varchar(10)[] DEFAULT ARRAY['a', 'b']::varchar[],
    meta jsonb NOT NULL DEFAULT '{"b":1,"a":[true,null]}',
    raw json DEFAULT '{}',
    active bool DEFAULT 't',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
    day date DEFAULT '2020-01-01',
    at_time time DEFAULT '10:00',
    wait interval DEFAULT '90 minutes',
    uid uuid DEFAULT gen_random_uuid(),
    status order_status NOT NULL DEFAULT 'draft',
    mood app."Mood" DEFAULT 'yes',
    home address,
    mail email,
    discount app.percent,
    bits bit(3),
    flags bit varying(8) DEFAULT B'101',
    ip inet DEFAULT '127.0.0.1',
    search tsvector,
    span tstzrange,
    one "char",
    number bigint DEFAULT nextval('invoice_seq'),
    CHECK (price > 0),
    CHECK (price >= cost),
    CONSTRAINT named_check CHECK (code IN ('a', 'b', 'c') OR code LIKE 'x%'),
    UNIQUE (name, kind),
    CONSTRAINT products_uid_unique UNIQUE (uid) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE products IS 'What we sell: all of it';
COMMENT ON COLUMN products.price IS 'in euro
second line';
COMMENT ON COLUMN products.code IS '';

CREATE TABLE app."Order Lines" (
    "Order Id" bigint GENERATED ALWAYS AS IDENTITY,
    line smallint NOT NULL CHECK (line BETWEEN 1 AND 100),
    product_id integer REFERENCES products ON DELETE CASCADE,
    other_id int REFERENCES products (id) ON DELETE SET NULL ON UPDATE CASCADE,
    third_id int CONSTRAINT third_key REFERENCES products DEFERRABLE INITIALLY DEFERRED,
    code varchar(20) REFERENCES products (code) MATCH FULL,
    quantity integer NOT NULL DEFAULT 1 CHECK (quantity > 0),
    note text COLLATE "C",
    "order" integer,
    status text DEFAULT 'new' CHECK (status IN ('new', 'done')),
    PRIMARY KEY ("Order Id", line)
);
CREATE INDEX ON app."Order Lines" (product_id);
CREATE INDEX ON app."Order Lines" (lower(note), quantity DESC);
CREATE INDEX ON app."Order Lines" ((quantity * 2), (line + 1));
CREATE UNIQUE INDEX "Odd Index" ON app."Order Lines" USING btree ("order" ASC NULLS FIRST) INCLUDE (note) WHERE quantity > 0 AND status <> 'done';
CREATE INDEX products_name_trgm ON products USING gin (name extensions.gin_trgm_ops);
CREATE INDEX products_meta_idx ON products USING gin (meta jsonb_path_ops);
CREATE INDEX products_pattern ON products (name text_pattern_ops, code varchar_pattern_ops DESC NULLS LAST);
CREATE UNIQUE INDEX products_lower ON products (lower(name)) NULLS NOT DISTINCT;

CREATE TABLE rooms (
    room int,
    during tsrange,
    EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 0)
);

CREATE TABLE a_very_long_table_name_that_goes_on_and_on_until_it_is_long (
    a_very_long_column_name_that_also_goes_on_and_on bigserial,
    second_column integer UNIQUE,
    third_column integer REFERENCES products,
    CHECK (second_column > third_column),
    CHECK (second_column > 0),
    CHECK (third_column < 10)
);
CREATE INDEX ON a_very_long_table_name_that_goes_on_and_on_until_it_is_long (second_column, third_column);
CREATE INDEX ON a_very_long_table_name_that_goes_on_and_on_until_it_is_long (second_column, third_column DESC);

CREATE TABLE like_all (LIKE products INCLUDING ALL, extra text);
CREATE TABLE like_plain (LIKE products);
CREATE TABLE parent (id int PRIMARY KEY, name text DEFAULT 'x' NOT NULL, CHECK (id > 0));
CREATE TABLE child (more text) INHERITS (parent);
ALTER TABLE parent ADD COLUMN late boolean DEFAULT false;
ALTER TABLE parent RENAME COLUMN name TO title;

CREATE TABLE measurements (at timestamptz NOT NULL, value double precision, sensor int) PARTITION BY RANGE (at);
CREATE TABLE measurements_2024 PARTITION OF measurements FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE measurements_2025 (at timestamptz NOT NULL, value double precision, sensor int);
ALTER TABLE measurements ATTACH PARTITION measurements_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE measurements ADD PRIMARY KEY (at);
CREATE INDEX ON measurements (sensor);

-- What later statements change.
CREATE TABLE changing (
    id integer,
    old_name varchar(10) DEFAULT 'x' CHECK (old_name <> ''),
    gone text,
    kept text NOT NULL,
    ref int,
    CONSTRAINT both_check CHECK (gone <> kept),
    CONSTRAINT pair UNIQUE (kept, gone)
);
CREATE INDEX changing_gone ON changing (gone);
CREATE INDEX changing_name ON changing (old_name) WHERE old_name IS NOT NULL;
ALTER TABLE changing RENAME COLUMN old_name TO new_name;
ALTER TABLE changing ALTER COLUMN new_name TYPE text, ALTER new_name SET NOT NULL, ALTER kept DROP NOT NULL;
ALTER TABLE changing DROP COLUMN gone;
ALTER TABLE changing ADD PRIMARY KEY (id);
ALTER TABLE changing ADD COLUMN IF NOT EXISTS kept text, ADD COLUMN added_at timestamptz DEFAULT now() NOT NULL;
ALTER TABLE changing ADD CONSTRAINT changing_ref FOREIGN KEY (ref) REFERENCES products (id) NOT VALID;
ALTER TABLE changing RENAME TO changed;
ALTER TABLE changed RENAME CONSTRAINT changing_ref TO changed_ref;
ALTER TABLE changed ADD CONSTRAINT big CHECK (id < 1000000) NOT VALID;
ALTER TABLE changed DROP CONSTRAINT big;
ALTER INDEX changing_name RENAME TO changed_name;
ALTER TABLE changed ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
CREATE UNIQUE INDEX changed_kept ON changed (kept);
ALTER TABLE changed ADD CONSTRAINT changed_kept_key UNIQUE USING INDEX changed_kept;
CREATE TABLE moving (id serial PRIMARY KEY, ref int REFERENCES changed);
ALTER TABLE moving SET SCHEMA app;
ALTER SEQUENCE app.moving_id_seq RENAME TO moving_numbers;
CREATE TABLE dropped (id int PRIMARY KEY);
CREATE TABLE points_at_dropped (id int REFERENCES dropped);
DROP TABLE dropped CASCADE;
ALTER SEQUENCE app.shared_seq OWNED BY app.moving.ref;
DROP TABLE IF EXISTS never_there;
ALTER TABLE IF EXISTS never_there ADD COLUMN x int;

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'changed' AND column_name = 'guarded') THEN
        ALTER TABLE changed ADD COLUMN guarded integer; -- don't stop here
    END IF;
    CREATE TYPE app.late AS ENUM ('x');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

CREATE VIEW stock AS
    SELECT p.id, p.name, sum(l.quantity) AS on_hand, count(*) AS lines, max(l.line) AS last_line, p.price * 2 AS double_price, p.status, lower(p.name), coalesce(p.code, 'x') AS code
    FROM products p LEFT JOIN app."Order Lines" l ON l.product_id = p.id
    GROUP BY p.id;
CREATE VIEW everything AS SELECT * FROM parent;
CREATE OR REPLACE VIEW app.renamed (a, b) AS SELECT id, now() AS x FROM products WHERE active;
CREATE MATERIALIZED VIEW daily AS SELECT date_trunc('day', created_at) AS day, avg(price) AS price FROM products GROUP BY 1;
CREATE UNIQUE INDEX ON daily (day);
COMMENT ON VIEW stock IS 'what is there';
COMMENT ON COLUMN stock.on_hand IS 'pieces';
CREATE TABLE made_by_query AS SELECT id, name AS title, 1 AS one, 'x'::text AS letter FROM products;

CREATE FUNCTION match_chunks(query text, match_count int DEFAULT 10, filter jsonb DEFAULT '{}', kind varchar(3) DEFAULT NULL)
    RETURNS TABLE (chunk_id bigint, score float8) LANGUAGE sql AS $$ SELECT 1::bigint, 1.0::float8 $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at = now(); RETURN NEW; END $$;
CREATE FUNCTION app.total(VARIADIC numbers int[]) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION app.all_products() RETURNS SETOF products LANGUAGE sql AS 'SELECT * FROM products';
CREATE FUNCTION app.two(IN a int, OUT b int, OUT c text) LANGUAGE sql AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION app.one(IN a int, INOUT b int) LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION overloaded(int) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION overloaded(text, s order_status DEFAULT 'draft') RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION overloaded(timestamp with time zone) RETURNS void LANGUAGE sql AS '';
CREATE OR REPLACE FUNCTION overloaded(integer) RETURNS void LANGUAGE sql AS '';
DROP FUNCTION overloaded(timestamptz);
CREATE PROCEDURE app.tidy(days integer DEFAULT 30) LANGUAGE sql AS '';
CREATE AGGREGATE app.longest(text) (SFUNC = textcat, STYPE = text);
CREATE TRIGGER products_touch BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE checks (
    a integer, b integer, t text, v varchar(5), d date, j jsonb, f double precision, arr int[], ts timestamptz, n numeric,
    CHECK (a > 0 AND b > 0 OR a = -1),
    CHECK (NOT (a = 1 AND b = 2)),
    CHECK (t ~ '^[a-z]+$' AND length(t) <= 10),
    CHECK (v IN ('a') OR v NOT IN ('b', 'c')),
    CHECK (d > '2020-01-01' AND d < date '2030-01-01'),
    CHECK (j ? 'key' AND j->>'kind' = 'x' AND jsonb_typeof(j -> 'list') = 'array'),
    CHECK (f BETWEEN 0 AND 1),
    CHECK (f >= 0.5 AND n > 1 AND n < 2.5),
    CHECK (array_length(arr, 1) > 0 AND arr[1] = 5 AND 3 = ANY (arr)),
    CHECK (ts > now() - interval '1 day' AND ts < '2030-01-01 00:00:00+00'),
    CHECK (a IS NOT NULL OR b IS NULL AND t IS DISTINCT FROM 'x'),
    CHECK (CASE WHEN a > 1 THEN b > 1 ELSE true END),
    CHECK (coalesce(t, v, '') <> '' AND nullif(t, '') IS NOT NULL),
    CHECK (lower(t) = t AND upper(v) = v AND t || v <> 'ab'),
    CHECK (extract(year from d) > 2000 AND date_part('month', d) < 13),
    CHECK ((a + b) * 2 - 1 > a / 2 AND a % 2 = 0),
    CHECK (num_nonnulls(a, b) = 1),
    CHECK (t LIKE 'a%' AND t NOT LIKE 'b%' AND v ILIKE 'c%' AND t SIMILAR TO 'a|b'),
    CHECK (a IN (1, 2, 3) AND a NOT IN (4, 5)),
    CHECK (trim(t) <> '' AND substring(t from 1 for 2) = 'ab' AND position('x' in t) = 0),
    CHECK ((a, b) <> (1, 2)),
    CHECK (a::text <> 'x' AND b::numeric > 1.5),
    CHECK ((d AT TIME ZONE 'UTC') > '2020-01-01'),
    CHECK (t = 'it''s' OR t = E'back\\slash' OR t = '#: x')
);
