SELECT CASE WHEN a->>'x' = ANY(ARRAY[1,2]) THEN $q$it's$q$ ELSE E'\n' END::text AS "A b", x.*, row_number() OVER (PARTITION BY id ORDER BY id ROWS 1 PRECEDING) FROM batches TABLESAMPLE system(1) x NATURAL FULL JOIN products -- c
/* a /* b */ c */;
