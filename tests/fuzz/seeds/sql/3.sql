INSERT INTO batches AS b (id, manufacturing_date, status) VALUES (1, DEFAULT, 'draft'), ($1, %s, :x) ON CONFLICT (id) DO UPDATE SET status = excluded.status WHERE b.id > 1 RETURNING *;
UPDATE batches SET (id, status) = (SELECT 1, 'on') FROM products p WHERE p.id = batches.id;
DELETE FROM batches USING v WHERE v.n = id;
MERGE INTO batches b USING products p ON p.id = b.id WHEN MATCHED THEN UPDATE SET id = 1 WHEN NOT MATCHED THEN INSERT VALUES (1);
