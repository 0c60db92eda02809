WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n), (SELECT max(id) FROM batches x WHERE x.id = t.n) FROM t, LATERAL (SELECT * FROM f('a', 2)) l(x);
