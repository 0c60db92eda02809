import psycopg2

connection = psycopg2.connect("")
cursor = connection.cursor()
cursor.execute("SELECT email FROM users")  # dbtruth: ignore[unknown-column] long ago
cursor.execute("SELECT mail FROM users")  # dbtruth: ignore[unknown-table, unknown-column] not ours
# dbtruth: ignore[unknown-table]
cursor.execute("SELECT id FROM users")  # noqa
