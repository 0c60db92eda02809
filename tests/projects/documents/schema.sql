CREATE TYPE document_state AS ENUM ('queued', 'parsed', 'embedded', 'failed');

CREATE TABLE documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    title text NOT NULL,
    source_url text NOT NULL,
    content text,
    state document_state NOT NULL DEFAULT 'queued',
    metadata jsonb NOT NULL DEFAULT '{}',
    word_count integer NOT NULL DEFAULT 0,
    language varchar(8),
    created_at timestamptz NOT NULL DEFAULT now(),
    search_text text GENERATED ALWAYS AS (lower(title) || ' ' || coalesce(lower(content), '')) STORED
);

CREATE TABLE chunks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position integer NOT NULL,
    content text NOT NULL,
    embedding real[],
    UNIQUE (document_id, position)
);

CREATE FUNCTION match_chunks(query_embedding real[], match_count integer DEFAULT 10)
RETURNS TABLE (chunk_id bigint, document_id uuid, score double precision)
LANGUAGE sql STABLE AS $$
    SELECT c.id, c.document_id, 0.0::double precision FROM chunks c LIMIT match_count
$$;
