"""A PSA for a test suite: one server for the run, and its company as it was before every test."""

import json
import os
import pathlib
import subprocess
import time

import pytest
import requests


class Psa:
    """A running `bitting serve` with a company of its own in `folder`."""

    def __init__(self, folder: pathlib.Path):
        ready = folder / "ready.json"
        self.process = subprocess.Popen(
            [os.environ.get("BITTING_BIN", "bitting"), "serve", "--data", str(folder / "data"), "--tickets", "20"]
            + ["--port", "0", "--ready-file", str(ready), "--no-autotask"],
            stdout=subprocess.DEVNULL,
        )
        # The file is there once the server answers, and whole when it is there.
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"bitting serve ended with {self.process.returncode}")
            time.sleep(0.02)
        self.facts = json.loads(ready.read_text())
        # The operator of the server may bring its companies back to where they were.
        operator = json.loads((folder / "data" / "operator.json").read_text())
        self.company = operator["company"]
        self.operator = (f"{self.company}+operator", operator["token"])
        self.keep()

    def keep(self):
        """Remembers the company as it is now."""
        self._ask("snapshot")

    def reset(self):
        """Brings it back, with its keys and roles."""
        self._ask("restore")

    def _ask(self, verb):
        url = f"{self.facts['http']}/bitting/apis/3.0/instances/{self.company}/{verb}"
        requests.post(url, auth=self.operator, timeout=60).raise_for_status()

    def key(self, who="admin"):
        """User and password of `admin`, who may do everything, or of `least`, who may do next to nothing."""
        pair = self.facts["connectwise"][who]
        return f"{self.company}+{pair['public_key']}", pair["private_key"]

    @property
    def api(self):
        return f"{self.facts['http']}/v4_6_release/apis/3.0"

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="session")
def running_psa(tmp_path_factory):
    psa = Psa(tmp_path_factory.mktemp("psa"))
    # Clients that insist on https find the server at facts["https"], with this authority.
    os.environ["REQUESTS_CA_BUNDLE"] = psa.facts["ca_file"]
    yield psa
    psa.stop()


@pytest.fixture
def psa(running_psa):
    """The PSA as it was at the start; what a test does to it is gone after it."""
    yield running_psa
    running_psa.reset()
