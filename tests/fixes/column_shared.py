# Where both tables have the column that was meant, its name alone would be ambiguous.
import psycopg


def names(cur):
    cur.execute("SELECT i.id FROM items i JOIN users u ON u.id = i.owner_id WHERE emial IS NULL")
    cur.execute("SELECT a.id FROM items a JOIN items b ON b.id = a.owner_id WHERE pric > 1")
