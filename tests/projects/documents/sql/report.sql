-- How far the pipeline is.
SELECT state, count(*) AS documents, sum(word_count) AS words
FROM documents
WHERE created_at > now() - interval '1 day'
GROUP BY state;

-- Documents of which no chunk is embedded.
SELECT d.id, d.title
FROM documents d
WHERE NOT EXISTS (SELECT FROM chunks c WHERE c.docment_id = d.id AND c.embedding IS NOT NULL);
