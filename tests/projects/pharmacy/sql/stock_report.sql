-- What is in stock, and until when.
WITH batchs_due AS (
    SELECT product_id, min(expiry_dt) AS first_expiry, sum(quantity) AS on_hand
    FROM batches
    GROUP BY product_id
)
SELECT p.name, p.type, d.on_hand, d.first_expiry
FROM products p
JOIN batchs_due d ON d.product_id = p.id  -- dbtruth: ignore[unknown-table] a name of this statement
WHERE p.discontinued_on IS NULL
ORDER BY d.first_expiry;

SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public';
