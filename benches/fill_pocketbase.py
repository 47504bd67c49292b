"""Fills the tickets of a stopped PocketBase: its own API would take an hour for a million rows."""

import sqlite3
import sys

database, rows, companies = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = sqlite3.connect(database)
owners = [row[0] for row in connection.execute("SELECT id FROM users ORDER BY email = 'user0@example.com' DESC, email")]
columns = [row[1] for row in connection.execute("PRAGMA table_info(tickets)")]
assert {"summary", "company", "owner", "closed"} <= set(columns), columns


def tickets():
    for number in range(rows):
        # The company moves on with each round of owners, so that every owner has tickets of every company.
        yield (
            f"t{number:014d}",
            f"The workstation does not start ({number})",
            (number // len(owners)) % companies + 1,
            number % 6 + 1,
            number % 9 + 1,
            number % 5 + 1,
            owners[number % len(owners)],
            "Medium",
            "Medium",
            number % 20 != 0,
            "Ada Example",
            "Harborview",
            "2025-06-01 12:00:00.000Z",
            "2025-06-01 12:00:00.000Z",
        )


names = (
    "id, summary, company, board, status, priority, owner, severity, impact, closed, contactName, city, created, updated"
)
marks = ", ".join("?" * 14)
with connection:
    connection.executemany(f"INSERT INTO tickets ({names}) VALUES ({marks})", tickets())
connection.execute("PRAGMA optimize")
connection.execute("ANALYZE")
connection.commit()
connection.close()
