SELECT b.id, p.price FROM batches b JOIN products AS p ON p.id = b.id WHERE b.manufacturing_date > now() - interval '1 day' GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY b.id DESC LIMIT 1;
