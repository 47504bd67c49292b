"""MSPCFO's tables as Parquet, read by programs that others wrote: the same columns, types and values as its lines of
JSON. Needs a `bitting` that was built with `--features parquet`, as `./test` builds it.
"""

import csv
import json
import os
import subprocess

import duckdb
import pyarrow
import pyarrow.parquet
import pytest

from psa import BINARY, Server

TABLES = ("agreements", "clients", "leads", "members", "projects", "receivables", "services")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parquet")
    running = Server(folder, "--demo", "--no-sync", "--data", "state")
    environment = dict(os.environ, BITTING_SERVER=str(folder / "state"), BITTING_SYNC_HOME=str(folder / "sync"))
    for command in (
        ("connect", "mspcfo", "--key-file", "key.json"),
        ("sync", "connect", "mspcfo", "--key-file", "key.json"),
        ("sync", "run", "mspcfo"),
    ):
        done = subprocess.run([BINARY, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"bitting {command}: {done.stdout}{done.stderr}"
    assert running.stop() == 0, running.log()
    made = folder / "sync" / "mspcfo" / "out"
    if "BITTING_BIN_AS_GIVEN" in os.environ and not list(made.glob("*.parquet")):
        pytest.skip("the bitting that was given is built without --features parquet")
    return made


def lines(out, name):
    return [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()]


def header(out, name):
    with open(out / f"{name}.csv", newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


@pytest.mark.parametrize("name", TABLES)
def test_columns_types_and_values_are_those_of_the_lines(out, name):
    table = pyarrow.parquet.read_table(out / f"{name}.parquet")
    rows = lines(out, name)
    assert table.num_rows == len(rows)
    assert table.column_names == header(out, name)
    # What a column holds says its type; one that holds nothing throughout says none.
    kinds = {str: pyarrow.string(), bool: pyarrow.bool_(), int: pyarrow.float64(), float: pyarrow.float64()}
    for field in table.schema:
        seen = {kinds[type(row[field.name])] for row in rows if row[field.name] is not None}
        assert seen <= {field.type}, f"{field.name} is {field.type}"
        assert field.nullable
    assert table.to_pylist() == rows
    # JSON's numbers compare alike whether whole or not; nothing else may be taken for a number.
    for read, row in zip(table.to_pylist(), rows, strict=True):
        assert {column: isinstance(value, bool) for column, value in read.items()} == {
            column: isinstance(value, bool) for column, value in row.items()
        }


def test_there_are_rows_and_gaps_to_read(out):
    clients = lines(out, "clients")
    assert len(clients) > 1000
    assert any(row["effective_rate"] is None for row in clients), "a client without hours has no rate"
    assert {row["loses_money"] for row in clients} == {True, False}


def test_another_reader_sums_the_same(out):
    rows = lines(out, "clients")
    query = f"select count(*), sum(revenue), count(effective_rate), count(*) filter (loses_money), min(month) from '{out}/clients.parquet'"
    [(count, revenue, rated, losing, first)] = duckdb.sql(query).fetchall()
    assert count == len(rows)
    assert round(revenue, 2) == round(sum(row["revenue"] for row in rows), 2)
    assert rated == sum(row["effective_rate"] is not None for row in rows)
    assert losing == sum(row["loses_money"] for row in rows)
    assert first == min(row["month"] for row in rows)
