-- Printed every Monday.
SELECT p.name, sum(b.quantity) AS on_hand, min(b.expiry_date) AS next_expiry
FROM products p
JOIN batches b ON b.product_id = p.id
GROUP BY p.name
ORDER BY on_hand;
