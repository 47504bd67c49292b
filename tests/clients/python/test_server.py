"""What the process itself promises: how it starts, how it leaves, what it never writes down."""

import os
import subprocess

from psa import BINARY, Raw, Server


def test_the_ready_file_says_everything_a_test_suite_needs(server):
    facts = server.facts
    assert {"http", "https", "ca_file", "console", "connectwise"} <= set(facts)
    assert facts["http"].startswith("http://") and facts["https"].startswith("https://")
    assert os.path.isfile(facts["ca_file"])
    connectwise = facts["connectwise"]
    assert set(connectwise) >= {"company", "client_id", "admin", "least"}
    for who in ("admin", "least"):
        assert set(connectwise[who]) == {"public_key", "private_key"}
    assert connectwise["admin"] != connectwise["least"]


def test_plain_http_answers_like_https(server, admin):
    answer = admin.session.get(
        server.facts["http"] + "/v4_6_release/apis/3.0/company/companies", params={"pageSize": 1}, timeout=120
    )
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()] == [row["id"] for row in admin.get("/company/companies", pageSize=1)]


def test_no_secret_reaches_the_log(tmp_path):
    running = Server(tmp_path)
    try:
        secrets = [running.key(who)[1] for who in ("admin", "least")]
        for who in ("admin", "least"):
            raw = Raw(running, *running.key(who))
            raw.send("GET", "/service/tickets", conditions="nosuchfield=1")
            raw.send("POST", "/service/tickets", {"summary": "x" * 101})
        wrong = Raw(running, running.key("admin")[0], "AVerySecretMistake")
        assert wrong.send("GET", "/service/tickets").status_code == 401
    finally:
        code = running.stop()
    assert code == 0
    written = (tmp_path / "stderr.txt").read_text(errors="replace")
    for secret in [*secrets, "AVerySecretMistake"]:
        assert secret not in written


def test_a_data_directory_keeps_what_was_written(tmp_path):
    data = tmp_path / "state"
    first_folder, second_folder = tmp_path / "first", tmp_path / "second"
    first_folder.mkdir()
    second_folder.mkdir()
    first = Server(first_folder, "--demo", "--data", str(data))
    try:
        raw = Raw(first, *first.key("admin"))
        company = raw.get("/company/companies", pageSize=1)[0]
        made = raw.create("/service/tickets", {"summary": "Still here", "company": {"id": company["id"]}})
        keys = first.key("admin")
        rival = subprocess.run(
            [BINARY, "serve", "--port", "0", "--data", str(data)],
            capture_output=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert rival.returncode != 0, "a second server took the same data directory"
        assert rival.stderr.strip(), "the refusal says nothing"
        assert "panicked" not in rival.stderr
    finally:
        # Not asked but killed: what was acknowledged must have been durable.
        first.process.kill()
        first.stop()
    second = Server(second_folder, "--data", str(data))
    try:
        # A private key is shown once, so the second start need not know it: the first pair must still open.
        raw = Raw(second, *keys)
        assert raw.get(f"/service/tickets/{made['id']}")["summary"] == "Still here"
    finally:
        second.stop()


def test_a_port_in_use_is_said_in_one_sentence(server):
    port = server.facts["http"].rsplit(":", 1)[1].strip("/")
    rival = subprocess.run(
        [BINARY, "serve", "--demo", "--port", port], capture_output=True, timeout=120, stdin=subprocess.DEVNULL, text=True
    )
    assert rival.returncode != 0
    assert port in rival.stderr and "panicked" not in rival.stderr


def test_the_secret_is_not_in_the_data_directory(tmp_path):
    data = tmp_path / "state"
    running = Server(tmp_path, "--demo", "--data", str(data))
    try:
        secrets = [running.key(who)[1].encode() for who in ("admin", "least")]
        # The facts are written where the caller asked; at rest there are hashes alone.
        for folder, _, files in os.walk(data):
            for name in files:
                content = open(os.path.join(folder, name), "rb").read()
                assert not any(secret in content for secret in secrets), name
    finally:
        running.stop()
