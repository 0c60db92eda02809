"""Reads the wholesaler's CSV into `suppliers`."""

import csv
import sqlite3
import sys

import psycopg2

# Headings of their file, not of our table.
HEADINGS = {"mfg_date": "Produced", "contact_person": "Contact", "batchs": "Lots"}


def remember(path):
    """What was imported, in a file of our own: another database."""
    seen = sqlite3.connect("imported.db")
    seen.execute("CREATE TABLE IF NOT EXISTS imported (path TEXT, rows INTEGER)")
    seen.execute("INSERT INTO imported (path, rows) VALUES (?, ?)", (path, 0))


def main(path):
    connection = psycopg2.connect("dbname=pharmacy")
    with connection, connection.cursor() as cursor, open(path) as file:
        for row in csv.DictReader(file):
            cursor.execute(
                "INSERT INTO suppliers (name, contact_person, phone, email) VALUES (%s, %s, %s, %s)",
                (row["Name"], row[HEADINGS["contact_person"]], row["Phone"], row["Mail"]),
            )
            cursor.execute('SELECT id, "batchNumber" FROM batches WHERE product_id = %s', (row["Product"],))
    remember(path)


if __name__ == "__main__":
    main(sys.argv[1])
