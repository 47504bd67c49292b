#!/usr/bin/env python3
"""Measures `bitting sync` against django-connectwise and dlt, on the same data of Bitting's own server.

    benches/run sync

Prints tables; ratios hold within one run. Needs BITTING_BENCH_BINARY and, in the Python that runs this,
django-connectwise and dlt[duckdb]; one that is not there is skipped by name.
"""

import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

BINARY = os.environ["BITTING_BENCH_BINARY"]
HERE = pathlib.Path(__file__).resolve().parent
FOLDER = pathlib.Path(os.environ.get("BITTING_BENCH_DATA", HERE / "data")) / "sync"
COMPANIES = int(os.environ.get("BITTING_BENCH_COMPANIES", "10000"))
CONFIGURATIONS = int(os.environ.get("BITTING_BENCH_CONFIGURATIONS", "50000"))
MANY = int(os.environ.get("BITTING_BENCH_MANY", "1000000"))
HOURS = int(os.environ.get("BITTING_BENCH_TIME_ENTRIES", "2000000"))
CLIENTS = [int(count) for count in os.environ.get("BITTING_BENCH_CLIENTS", "300,10000").split(",")]
FIELDS = {
    "companies": "id,identifier,name,status,types,territory,defaultContact,site",
    "configurations": "id,name,type,status,company,serialNumber,modelNumber,tagNumber,manufacturer,deviceIdentifier,"
    "purchaseDate,installationDate,warrantyExpirationDate,osType,osInfo,lastLoginName,site,locationId",
}


class Server:
    """Bitting's own server with so many companies and configurations, kept from run to run."""

    def __init__(self, companies, configurations):
        self.folder = FOLDER / f"{companies}-{configurations}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ready = self.folder / "ready.json"
        self.ready.unlink(missing_ok=True)
        self.environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state")}
        command = [BINARY, "serve", "--data", str(self.folder / "data"), "--port", "0", "--no-autotask", "--no-sync",
                   "--companies", str(companies), "--configurations", str(configurations), "--ready-file", str(self.ready)]
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL)
        while not self.ready.exists():
            if self.process.poll() is not None:
                sys.exit("the server did not start")
            time.sleep(0.1)
        self.facts = json.loads(self.ready.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def run(self, *arguments, home=None, check=True):
        """A command; its seconds, CPU seconds, peak memory in MB and output. Memory is what is resident, pages of
        files among it, and what is the program's own (RssAnon, read every 5 ms)."""
        environment = dict(self.environment)
        if home:
            environment["BITTING_SYNC_HOME"] = str(home)
        began = time.perf_counter()
        process = subprocess.Popen([BINARY, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        own = [0]
        watching = threading.Thread(target=watch, args=(process.pid, own))
        watching.start()
        fault = []
        reading = threading.Thread(target=lambda: fault.append(process.stderr.read()))
        reading.start()
        out = process.stdout.read()
        reading.join()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        watching.join()
        if check and process.returncode:
            sys.exit(f"{arguments} failed: {fault[0].decode()[-2000:]}")
        return seconds, usage.ru_utime + usage.ru_stime, (usage.ru_maxrss / 1024, own[0] / 1024), out.decode()

    def connect(self, integration, home):
        key = self.folder / f"{integration}.key.json"
        key.unlink(missing_ok=True)
        self.run("connect", integration, "--location", "Corporate", "--key-file", str(key), "--new-key", check=False)
        self.run("sync", "connect", integration, "--key-file", str(key), home=home)
        return json.loads(key.read_text())


def watch(pid, own):
    """Keeps the most memory of its own that a process had, in KiB."""
    while True:
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        anonymous = [line.split()[1] for line in text.splitlines() if line.startswith("RssAnon:")]
        if not anonymous:
            return
        own[0] = max(own[0], int(anonymous[0]))
        time.sleep(0.005)


def fresh(name):
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def table(title, columns, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|---|" + "---:|" * (len(columns) - 1))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    sys.stdout.flush()


def settings(home):
    """Every status, every type of configuration."""
    lookups = sqlite3.connect(home / "state.db").execute(
        "SELECT data FROM sync_mapping WHERE name = 'company/configurations/types'").fetchone()[0]
    types = "".join(f"{json.dumps(row['name'])} = \"Asset\"\n" for row in json.loads(lookups))
    text = f"[companies]\nstatuses = []\n[assets]\n[assets.types]\n{types}"
    (home / "propel" / "settings.toml").write_text(text)


def bitting(server, name):
    home = fresh(name)
    key = server.connect("propel", home)
    server.run("sync", "run", "propel", "lookups", home=home)
    settings(home)
    figures = []
    for run in ("first", "second"):
        seconds = cpu = requests = records = writes = 0
        peak, parts = (0, 0), {}
        for job in ("companies", "assets"):
            took, used, memory, out = server.run("sync", "run", "propel", job, "--json", home=home)
            counts = json.loads(out)[0]
            parts[job] = (counts["read"], took, used)
            seconds, cpu, peak = seconds + took, cpu + used, tuple(map(max, peak, memory))
            requests, records = requests + counts["requests"], records + counts["read"]
            writes += counts["created"] + counts["changed"]
        figures.append((run, records, seconds, cpu, requests, writes, peak, parts))
    return key, figures


# Its companies alone: it has no table of configurations, and reads those of one company at a time when they are asked for.
# Its pages are as large as ours, not the 50 records that it asks for by itself; its tables are in SQLite.
DJANGO = """
import json, logging, os, sys, time, resource
import django, benchconf
from django.conf import settings
key = json.loads(sys.argv[1])
settings.configure(
    SECRET_KEY="x", USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djconnectwise"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2]}},
    CONNECTWISE_SERVER_URL=key["url"], CONNECTWISE_CREDENTIALS={"company_id": key["company"], "api_public_key": key["public_key"],
        "api_private_key": key["private_key"]}, CONNECTWISE_CLIENTID=key["client_id"], CONNECTWISE_API_BATCH_LIMIT=50,
    DJCONNECTWISE_CONF_CALLABLE=benchconf.conf, LOGGING_CONFIG=None,
)
django.setup()
logging.getLogger("djconnectwise").setLevel(logging.ERROR)
from django.core.management import call_command
call_command("migrate", verbosity=0)
from djconnectwise import sync
for name in ("CompanyType", "CompanyStatus", "Territory"):
    getattr(sync, name + "Synchronizer")().sync()
before = resource.getrusage(resource.RUSAGE_SELF); began = time.perf_counter()
created, updated, skipped, deleted = sync.CompanySynchronizer(full=True).sync()
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"records": created + updated + skipped, "seconds": time.perf_counter() - began,
    "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))
"""

CONF = """
def conf():
    return {"batch_size": 1000}
"""

DLT = """
import json, sys, time, resource
import dlt
from dlt.sources.helpers import requests
key, fields, folder = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
session = requests.Client().session
session.auth = (key["company"] + "+" + key["public_key"], key["private_key"]); session.headers["clientId"] = key["client_id"]
base = key["url"] + "/v4_6_release/apis/3.0/company/"
def pages(name):
    page = 1
    while True:
        rows = session.get(base + name, params={"pageSize": 1000, "page": page, "orderBy": "id", "fields": fields[name]}).json()
        yield rows
        if len(rows) < 1000:
            return
        page += 1
@dlt.source
def connectwise():
    for name in ("companies", "configurations"):
        yield dlt.resource(pages(name), name=name, write_disposition="merge", primary_key="id")
pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=dlt.destinations.duckdb(folder + "/bench.duckdb"), dataset_name="psa")
before = resource.getrusage(resource.RUSAGE_SELF); began = time.perf_counter()
pipeline.run(connectwise())
after = resource.getrusage(resource.RUSAGE_SELF)
rows = sum(n for t, n in pipeline.last_trace.last_normalize_info.row_counts.items() if t in ("companies", "configurations"))
print(json.dumps({"records": rows, "seconds": time.perf_counter() - began, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))
"""


def other(name, script, *arguments):
    folder = fresh(name)
    (folder / "benchconf.py").write_text(CONF)
    environment = {**os.environ, "PYTHONPATH": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    done = subprocess.run([sys.executable, "-c", script, *arguments, str(folder) if name == "dlt" else str(folder / "db.sqlite3")],
                          env=environment, capture_output=True, text=True, timeout=3600)
    if done.returncode:
        print(f"\n{name} is skipped: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}", file=sys.stderr)
        print(done.stderr[-1500:], file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def verdict_of(met):
    return "met" if met else "**missed**"


def versus(server, key, figures):
    first, second = figures
    # Over plain http for everybody else as well: their time is their own, not that of a certificate check.
    plain = {**key, "url": server.facts["http"]}
    row = lambda name, records, seconds, cpu, verdict: (
        name, records, f"{seconds:.2f}", f"{cpu:.2f}", f"{records / seconds:.0f}", f"{records / cpu:.0f}", verdict)
    companies = first[7]["companies"]
    rows = [row("bitting sync", *first[1:4], ""), row("bitting sync, companies alone", *companies, "")]
    for name, script, arguments, goal, ours in (
        ("django-connectwise", DJANGO, [json.dumps(plain)], 20, companies),
        ("dlt", DLT, [json.dumps(plain), json.dumps(FIELDS)], 5, first[1:4]),
    ):
        got = other(name, script, *arguments)
        if not got or not got["records"]:
            rows.append((name, "skipped", "", "", "", "", ""))
            continue
        by_time = (ours[0] / ours[1]) / (got["records"] / got["seconds"])
        by_cpu = (ours[0] / ours[2]) / (got["records"] / got["cpu"])
        verdict = f"{by_time:.1f}x by time, {by_cpu:.1f}x by CPU; goal {goal}x, {verdict_of(min(by_time, by_cpu) >= goal)}"
        rows.append(row(name, got["records"], got["seconds"], got["cpu"], verdict))
    table("sync: the first one", ["product", "records", "seconds", "CPU s", "records/s", "records/CPU s", "bitting is"], rows)
    table("sync: requests and an unchanged second run", ["run", "records", "seconds", "CPU s", "requests", "records per request", "records written"],
          [(f[0], f[1], f"{f[2]:.2f}", f"{f[3]:.2f}", f[4], f"{f[1] / f[4]:.0f}", f[5]) for f in figures])


def memory():
    rows = []
    for companies, configurations in ((1000, 10_000), (1000, MANY)):
        server = Server(companies, configurations)
        try:
            _, figures = bitting(server, "memory")
        finally:
            server.stop()
        rows.append((configurations, *(f"{run[6][of]:.1f}" for of in (0, 1) for run in figures),
                     *(f"{run[of]:.1f}" for of in (2, 3) for run in figures), figures[1][5]))
    table("sync: peak memory", ["configurations", "first run MB", "second run MB", "first run's own MB", "second run's own MB",
                                "first s", "second s", "first CPU s", "second CPU s", "written by the second"], rows)
    print("\nTimes as much with 100 times the records: " + ", ".join(
        f"{float(rows[1][at]) / float(rows[0][at]):.2f}" for at in range(1, 5)))


def ten_years(server):
    """Ten years of time entries, laid into the state as `pull` keeps them, and worked out anew."""
    home = fresh("ten-years")
    server.connect("mspcfo", home)
    server.run("sync", "run", "mspcfo", home=home)
    state = sqlite3.connect(home / "state.db")
    column = lambda name: [row[0] for row in state.execute("SELECT data FROM sync_fact WHERE kind = ?", (name,))]
    members = [json.loads(row)[1] for row in column("Member")]
    # As many clients as have that many hours; every one of them has a row for every month.
    every = [[json.loads(row)[0] for row in column(name)] for name in ("Company", "AgreementList")]
    types = [json.loads(row)[1] for row in column("WorkTypes")]
    state.close()
    measured = []
    for clients in CLIENTS:
        companies, agreements = (ids[:clients] for ids in every)
        fill(home, members, companies, agreements, types)
        taken = [server.run("sync", "run", "mspcfo", "metrics", "--json", home=home) for _ in range(3)]
        best = min(taken, key=lambda one: one[0])
        read = json.loads(best[3])[0]["read"]
        figures = sum(1 for name in ("clients", "agreements", "members")
                      for _ in open(home / "mspcfo" / "out" / f"{name}.jsonl"))
        measured.append((read, len(companies), figures, f"{best[0]:.2f}", f"{best[1]:.2f}", f"{best[2][0]:.0f}", f"{best[2][1]:.0f}",
                         f"<= 5 s, {verdict_of(best[0] <= 5)}"))
    table("sync: ten years of MSPCFO", ["time entries", "clients", "rows of figures", "seconds", "CPU s", "peak MB", "its own MB", "goal"],
          measured)


def fill(home, members, companies, agreements, types):
    """Lays ten years of time entries down."""
    state = sqlite3.connect(home / "state.db")
    state.execute("DELETE FROM sync_fact WHERE kind = 'Time'")
    top = state.execute("SELECT max(id) FROM sync_fact").fetchone()[0]

    def rows():
        for at in range(HOURS):
            month = at * 120 // HOURS
            day = f"{2016 + month // 12}-{1 + month % 12:02}-{1 + at % 28:02}"
            data = [at + 1, members[at % len(members)], companies[at * 7 % len(companies)], f"{day}T09:00:00Z", 0.25 * (1 + at % 16), 150.0,
                    None, 45.0, agreements[at % len(agreements)] if at % 3 else None, types[at % len(types)], True, True]
            yield (top + 1 + at, "mspcfo", "Time", str(at + 1), at + 1, "", f"{at:032x}", day, json.dumps(data, separators=(",", ":")))

    state.executemany("INSERT INTO sync_fact (id, integration, kind, name, psa_id, state, hash, updated, data) VALUES (?,?,?,?,?,?,?,?,?)", rows())
    state.commit()
    state.close()


def main():
    parts = sys.argv[1:] or ["versus", "ten-years", "memory"]
    server = Server(COMPANIES, CONFIGURATIONS)
    try:
        if "versus" in parts:
            key, figures = bitting(server, "bitting")
            versus(server, key, figures)
        if "ten-years" in parts:
            ten_years(server)
    finally:
        server.stop()
    if "memory" in parts:
        memory()


main()
