-- NOT NULL that does not hold of all that a query of the table gives: a child may have dropped it, a foreign table is held to nothing, and version 18 has
-- constraints that nobody validated.
WITH RECURSIVE below (parent, child) AS (
    SELECT inhparent, inhrelid FROM pg_inherits
    UNION
    SELECT b.parent, i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.child
)
SELECT n.nspname, p.relname, a.attname
FROM below b
JOIN pg_class p ON p.oid = b.parent AND p.relkind IN ('r', 'p')
JOIN pg_namespace n ON n.oid = p.relnamespace
JOIN pg_class k ON k.oid = b.child
JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum > 0 AND a.attnotnull
JOIN pg_attribute o ON o.attrelid = k.oid AND o.attname = a.attname
WHERE (k.relkind = 'f' OR NOT o.attnotnull) AND n.nspname !~ '^pg_'
UNION
SELECT n.nspname, c.relname, a.attname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
WHERE k.contype = 'n' AND NOT k.convalidated
