"""Asks a release server for every page of its console, signed in, and says what each costs: work of the
processor in milliseconds (the mean of a few turns), and weight in kB. Pages are found by following their links,
a few of each kind. With 1,000 roles, 250 API members and 100,000 calls in the log, which lists have to page.

    benches/run console [--calls N] [--roles N] [--turns N]

Audits and proofs are work over the API: their pages are there at once, and what was found follows.
Ends with status 1 when a page is over 10 ms or 150 kB. Needs Python alone.
"""

import argparse
import base64
import html
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

MOST_MS, MOST_KB = 10.0, 150.0
# Pages of one kind that are asked for.
OF_A_KIND = 4
# Answers that are no pages: a file to keep, and work over the API that a page waits for.
NOT_PAGES = ("/audit/page", "/audit/members?", "/part", "/sign-out", "/activity/stream")


def worked(pid):
    """Nanoseconds of the processor that all threads of a process have had."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return total


class Browser:
    def __init__(self, address):
        self.address = urlsplit(address)
        self.cookie = ""
        self.way = http.client.HTTPConnection(self.address.hostname, self.address.port)

    def ask(self, path, method="GET", body=None, headers=None):
        given = {"host": self.address.netloc, "cookie": self.cookie, **(headers or {})}
        self.way.request(method, path, body, given)
        answer = self.way.getresponse()
        return answer, answer.read()

    def enter(self, link):
        answer, _ = self.ask(link)
        self.cookie = answer.headers["set-cookie"].split(";")[0]


def kind(path):
    """Pages that differ in an id alone are of one kind."""
    path, _, query = path.partition("?")
    path = re.sub(r"/(\d+|[0-9a-f]{8})(?=/|$)", "/N", path)
    path = re.sub(r"^((?:/console/[^/]+)?/integrations)/[^/]+", r"\1/X", path)
    path = re.sub(r"(/audit/members)/.*", r"\1/X", path)
    path = re.sub(r"^(/docs(?:/autotask)?/entity)/.*", r"\1/X", path)
    names = sorted({part.split("=")[0] for part in query.split("&") if part})
    return path + ("?" + "&".join(names) if names else "")


def links(page):
    found = re.findall(r'href="([^"#]+)"', page)
    return [html.unescape(link) for link in found if re.match(r"/(console|docs)(/|$)", link) and "/assets/" not in link]


def calls(facts, count):
    """So many calls, all of them allowed."""
    pair, address = facts["connectwise"]["admin"], urlsplit(facts["http"])
    user = f'{facts["connectwise"]["company"]}+{pair["public_key"]}:{pair["private_key"]}'
    headers = {
        "authorization": "Basic " + base64.b64encode(user.encode()).decode(),
        "clientid": facts["connectwise"]["client_id"],
        "content-type": "application/json",
    }

    def some(share):
        way = http.client.HTTPConnection(address.hostname, address.port)
        for _ in range(share):
            way.request("GET", "/v4_6_release/apis/3.0/system/info", headers=headers)
            way.getresponse().read()

    threads = [threading.Thread(target=some, args=(count // 4,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    way = http.client.HTTPConnection(address.hostname, address.port)

    def make(path, body):
        way.request("POST", f"/v4_6_release/apis/3.0/{path}", json.dumps(body), headers)
        answer = way.getresponse()
        made = json.loads(answer.read())
        assert answer.status == 201, made
        return made

    return make


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--roles", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=10)
    asked = parser.parse_args()
    binary = os.environ["BITTING_BENCH_BINARY"]
    with tempfile.TemporaryDirectory(prefix="bitting-console-") as folder:
        ready = Path(folder) / "ready.json"
        environment = {**os.environ, "BITTING_SYNC_HOME": f"{folder}/sync", "XDG_STATE_HOME": f"{folder}/state"}
        command = [binary, "serve", "--demo", "--port", "0", "--no-sync", "--ready-file", str(ready)]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment)
        try:
            while not ready.exists() or not ready.read_text().strip():
                if server.poll() is not None:
                    sys.exit("bitting serve does not start")
                time.sleep(0.02)
            return measure(asked, json.loads(ready.read_text()), server.pid)
        finally:
            server.terminate()
            server.wait()


def measure(asked, facts, pid):
    make = calls(facts, asked.calls)
    for index in range(asked.roles):
        role = make("system/securityroles", {"name": f"Role {index:04}"})
        if index % 4 == 0:
            member = {"identifier": f"member{index:04}", "name": f"Member {index}", "securityRole": {"id": role["id"]}}
            make("system/apiMembers", member)
    browser = Browser(facts["http"])
    browser.enter(urlsplit(facts["console"]).path + "?" + urlsplit(facts["console"]).query)
    company = facts["connectwise"]["company"]
    waiting = [f"/console/{company}/", "/docs", f"/console/{company}/roles?search=Role+&page=20",
               f"/console/{company}/activity?search=contacts", f"/console/{company}/data?path=service/tickets",
               f"/console/{company}/audit/members/BittingAdmin"]
    if "autotask" in facts:
        waiting += ["/console/autotask.bitting/", "/docs/autotask", "/console/autotask.bitting/data?path=Tickets"]
    seen, kinds, rows = set(waiting), {}, []
    while waiting:
        path = waiting.pop(0)
        if any(word in path for word in NOT_PAGES) or kinds.get(kind(path), 0) >= OF_A_KIND:
            continue
        answer, body = browser.ask(path)
        if answer.status in (302, 303):
            target = answer.headers["location"]
            if target not in seen:
                seen.add(target)
                waiting.append(target)
            continue
        if answer.status == 404 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        kinds[kind(path)] = kinds.get(kind(path), 0) + 1
        before = worked(pid)
        for _ in range(asked.turns):
            browser.ask(path)
        # Threads are counted when they rest.
        time.sleep(0.005)
        cost = (worked(pid) - before) / 1e6 / asked.turns
        rows.append((kind(path), path, cost, len(body) / 1000, answer.status))
        for link in links(body.decode()):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return told(rows)


def told(rows):
    worst = {}
    for name, path, ms, kb, status in rows:
        at = worst.setdefault(name, [path, 0.0, 0.0, status])
        at[1], at[2] = max(at[1], ms), max(at[2], kb)
    print(f'{"page":<72} {"ms CPU":>8} {"kB":>8}')
    for name, (_, ms, kb, _) in sorted(worst.items(), key=lambda one: -one[1][1]):
        print(f"{name:<72} {ms:8.2f} {kb:8.1f}")
    ms, kb = [row[2] for row in rows], [row[3] for row in rows]
    summary = {
        "pages": len(rows), "kinds": len(worst),
        "ms_median": round(statistics.median(ms), 2), "ms_max": round(max(ms), 2),
        "kb_median": round(statistics.median(kb), 1), "kb_max": round(max(kb), 1),
    }
    print(json.dumps(summary))
    results = os.environ.get("BITTING_BENCH_RESULTS")
    if results:
        Path(results).mkdir(parents=True, exist_ok=True)
        pages = [{"page": name, "ms": round(ms, 3), "kb": round(kb, 1)} for name, _, ms, kb, _ in rows]
        (Path(results) / "console.json").write_text(json.dumps({**summary, "all": pages}, indent=1) + "\n")
    broken = [row for row in rows if row[4] >= 500]
    over = [row for row in rows if row[2] > MOST_MS or row[3] > MOST_KB]
    for name, path, ms, kb, status in broken + over:
        print(f"{path}: {ms:.1f} ms, {kb:.0f} kB, status {status}", file=sys.stderr)
    return 1 if broken or over else 0


if __name__ == "__main__":
    sys.exit(main())
