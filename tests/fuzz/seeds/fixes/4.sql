SELECT manufacturing_dat FROM batches; -- dbtruth: ignore[unknown-table] nothing
INSERT INTO batches (idd, status) VALUES (1, 'draf');
SELECT b.pric FROM products b JOIN batchess x ON x.id = b.id;
