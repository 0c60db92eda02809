"""Takes documents from the queue, reads them, writes what it found. Talks to PostgreSQL directly."""

import psycopg
from psycopg.rows import dict_row

NEXT = """
    UPDATE documents SET state = 'parsed'
    WHERE id = (SELECT id FROM documents WHERE state = 'queued' ORDER BY created LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, source_url
"""


def run(dsn: str) -> None:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        row = connection.execute(NEXT).fetchone()
        if row is None:
            return
        text = fetch(row["source_url"])
        connection.execute(
            "UPDATE documents SET content = %s, word_cout = %s, language = %s WHERE id = %s",
            (text, len(text.split()), "en", row["id"]),
        )
        for n, part in enumerate(split(text)):
            connection.execute("INSERT INTO chunks (document_id, position, text) VALUES (%s, %s, %s)", (row["id"], n, part))
        connection.execute("NOTIFY documents_parsed")


def fetch(url: str) -> str:
    return "words of " + url


def split(text: str) -> list[str]:
    return [text[n : n + 1000] for n in range(0, len(text), 1000)]


# dbtruth: ignore[unknown-column] the old worker is gone
LIMIT = 1000
