"""Starts and stops a real `bitting serve`, and asks it raw questions over https.

Knows the ready file and the command line; knows nothing of any client library.
"""

import json
import os
import pathlib
import signal
import subprocess
import time
from urllib.parse import urlsplit

import requests

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("BITTING_BIN", str(ROOT / "target" / "debug" / "bitting"))
# Only a hang is ended by this; a start is never judged by how long it took.
PATIENCE_SECONDS = 120


class Server:
    """One running server with the demo company, on ports of its own choosing."""

    def __init__(self, folder, *arguments):
        arguments = arguments or self.usual()
        self.folder = pathlib.Path(folder)
        self.ready_file = self.folder / "ready.json"
        self.out = open(self.folder / "stdout.txt", "wb")
        self.err = open(self.folder / "stderr.txt", "wb")
        self.process = subprocess.Popen(
            [BINARY, *self.command(), "--port", "0", "--ready-file", str(self.ready_file), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            cwd=self.folder,
            env=self.environment(),
        )
        self.facts = self._await_ready()

    def usual(self):
        """Arguments where a scenario names none."""
        return ("--demo",)

    def command(self):
        """What is run, without ports and ready file."""
        return ["serve"]

    def environment(self):
        return None

    def _await_ready(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"bitting serve ended with {self.process.returncode}: {self.log()}")
            try:
                return json.loads(self.ready_file.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"bitting serve wrote no ready file: {self.log()}")

    def log(self):
        """What the server printed, for a person who reads a failure."""
        texts = (self.folder / name for name in ("stdout.txt", "stderr.txt"))
        return "\n".join(text.read_text(errors="replace")[-4000:] for text in texts)

    def stop(self):
        """Asks the server to leave and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()
        self.err.close()
        return self.process.returncode

    @property
    def host(self):
        """Host and port as client libraries take them, without a scheme."""
        return urlsplit(self.facts["https"]).netloc

    @property
    def company(self):
        return self.facts["connectwise"]["company"]

    @property
    def client_id(self):
        return self.facts["connectwise"]["client_id"]

    def key(self, who):
        """The public and the private key of `admin` or `least`."""
        pair = self.facts["connectwise"][who]
        return pair["public_key"], pair["private_key"]


class Raw:
    """Plain requests with one key: what a client library would send, without its opinions."""

    def __init__(self, server, public, private, client_id=True):
        self.server = server
        self.origin = f"https://{server.host}"
        self.base = f"{self.origin}/v4_6_release/apis/3.0"
        self.session = requests.Session()
        # Proxies and .netrc of the machine must not change what is asked.
        self.session.trust_env = False
        self.session.verify = server.facts["ca_file"]
        if public is not None:
            self.session.auth = (f"{server.company}+{public}", private)
        if client_id:
            self.session.headers["clientId"] = server.client_id

    def send(self, method, path, body=None, headers=None, **params):
        """One request; `path` begins with `/` and is taken below the API root."""
        return self.session.request(
            method, self.base + path, json=body, params=params or None, headers=headers, timeout=PATIENCE_SECONDS
        )

    def get(self, path, **params):
        """The JSON of a GET that must be answered with 200."""
        answer = self.send("GET", path, **params)
        assert answer.status_code == 200, f"GET {answer.url}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def count(self, path, **params):
        return self.get(f"{path}/count", **params)["count"]

    def all(self, path, **params):
        """Every row of a list, page by page until a short page."""
        rows, page = [], 1
        while True:
            got = self.get(path, page=page, pageSize=1000, **params)
            rows += got
            if len(got) < 1000:
                return rows
            page += 1

    def create(self, path, body):
        """The record that a POST created: 201 with the whole record."""
        answer = self.send("POST", path, body)
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def patch(self, path, *operations):
        answer = self.send("PATCH", path, list(operations))
        assert answer.status_code == 200, f"PATCH {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()
