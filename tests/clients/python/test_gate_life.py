"""A gate as it is started, stopped and left alone by its PSA: real processes, a terminal, and a line that is cut.

Knows how a gate is started; what a role may do through it is told elsewhere.
"""

import json
import os
import pty
import select
import socket
import subprocess
import threading
import time

import pytest

from psa import BINARY, PATIENCE_SECONDS, Raw
from test_gate import Gate

TICKETS = "Service Desk / Service Tickets"


class Line:
    """A line to a server that can be cut and joined again, at one port."""

    def __init__(self, server):
        self.target = int(server.host.rsplit(":", 1)[1])
        self.listener = None
        self.open = set()
        self.join(0)
        self.port = self.listener.getsockname()[1]

    def join(self, port=None):
        self.listener = socket.create_server(("127.0.0.1", self.port if port is None else port))
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        # A thread that waits in accept() wakes up by this, not by close().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in list(self.open):
            with_end(end, lambda: end.shutdown(socket.SHUT_RDWR))

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("localhost", self.target))
            self.open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        with_end(other, lambda: other.shutdown(socket.SHUT_RDWR))


def with_end(end, what):
    try:
        what()
    except OSError:
        end.close()


class Kept(Gate):
    """A gate on a folder that stays, behind a line or not, with further arguments."""

    def __init__(self, folder, psa, line=None, more=()):
        self.line, self.more = line, more
        super().__init__(folder, psa)

    def usual(self):
        return self.more

    def command(self):
        arguments = super().command()
        if self.line:
            arguments[arguments.index("--psa") + 1] = f"https://localhost:{self.line.port}"
        return arguments

    def cut_key(self, member, level, *form):
        """Raw requests with a new member's key, whose role sees tickets at this level."""
        self.bitting("role", "create", member)
        self.bitting("role", "set", member, TICKETS, "--inquire", level)
        self.bitting("member", "create", member, "--role", member, *form)
        self.bitting("key", "new", member, "--description", "test", "--key-file", f"{member}.json")
        return self.with_key(member)

    def with_key(self, member):
        pair = json.loads((self.folder / f"{member}.json").read_text())
        return Raw(self, pair["public_key"], pair["private_key"])

    def calls(self):
        """What was kept of calls: member, status, decision, what the PSA answered."""
        operator = json.loads((self.folder / "state" / "operator.json").read_text())
        asked = Raw(self, None, None)
        asked.session.auth = (f"{operator['company']}+operator", operator["token"])
        answer = asked.session.get(f"{asked.origin}/bitting/apis/3.0/events", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        return [(one.get("member"), one["status"], one["decision"], one.get("upstream")) for one in answer.json()]


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def ended(running):
    code = running.stop()
    assert code == 0, f"the gate left with {code}: {running.log()}"


def refused(folder, psa, *arguments, environment=None):
    """What a gate says that does not start."""
    command = [BINARY, "gate", "--company", psa.company, "--data", "state", "--port", "0", *arguments]
    command += ["--ca-file", psa.facts["ca_file"]]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False,
    )
    assert done.returncode != 0, done.stdout
    return done.stderr


def without_keys():
    return {name: value for name, value in os.environ.items() if not name.startswith("BITTING_P") and name != "BITTING_CLIENT_ID"}


def test_a_member_that_is_called_otherwise_on_the_psa(server, admin, folder):
    owner = admin.get("/service/tickets", conditions="owner/identifier != null", pageSize=1)[0]["owner"]["identifier"]
    condition = f'owner/identifier = "{owner}" or resources contains "{owner}" or _info/enteredBy = "{owner}"'
    expected = {row["id"] for row in admin.all("/service/tickets", conditions=condition)}
    assert expected
    running = Kept(folder, server, more=("--as", f"Desk={owner}"))
    desk = running.cut_key("Desk", "My")
    assert {row["id"] for row in desk.all("/service/tickets")} == expected
    other = running.cut_key("Other", "My")
    assert other.all("/service/tickets") == [], "nobody on the PSA is called so"
    ended(running)
    # It is kept: said once, it holds at the next start too.
    running = Kept(folder, server)
    assert {row["id"] for row in running.with_key("Desk").all("/service/tickets")} == expected
    ended(running)
    form = "write a name, an equals sign and what it stands for, such as Desk=jsmith"
    for wrong, told in (
        ("Desk", f"'Desk' for '--as <MEMBER=NAME>': {form}"),
        ("=jmoor", f"'=jmoor' for '--as <MEMBER=NAME>': {form}"),
        ("Desk=", "`Desk=` names no member; write --as MEMBER=NAME"),
    ):
        said = refused(folder, server, "--psa", server.facts["https"], "--as", wrong, environment=running.environment())
        assert told in said, said


def test_a_key_that_is_typed_in_is_asked_for_and_not_echoed(server, folder):
    public, private = server.key("admin")
    said = refused(folder, server, "--psa", server.facts["https"], environment=without_keys())
    assert "no key for the PSA: set BITTING_PUBLIC_KEY, BITTING_PRIVATE_KEY and BITTING_CLIENT_ID" in said, said
    ready = folder / "ready.json"
    command = [BINARY, "gate", "--psa", server.facts["https"], "--company", server.company, "--data", "state"]
    command += ["--ca-file", server.facts["ca_file"], "--port", "0", "--ready-file", str(ready)]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(BINARY, command, without_keys())
    shown = b""

    def until(met):
        nonlocal shown
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not met():
            assert time.monotonic() < deadline, shown.decode(errors="replace")
            if select.select([terminal], [], [], 0.05)[0]:
                shown += os.read(terminal, 65536)

    for prompt, answer in ((b"Public key of the PSA", public), (b"Private key", private), (b"Client id", server.client_id)):
        until(lambda prompt=prompt: prompt in shown)
        os.write(terminal, f"{answer}\n".encode())
    until(ready.exists)
    until(lambda: b"Stop with Ctrl-C" in shown)
    assert public.encode() in shown, "what may be seen is echoed"
    assert private.encode() not in shown
    # The terminal's own Ctrl-C ends it, and takes the ready file along.
    os.write(terminal, b"\x03")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert not ready.exists()
    secret = private.encode()
    holding = [file.name for file in folder.rglob("*") if file.is_file() and secret in file.read_bytes()]
    assert holding == [], "the key of the PSA rests nowhere"


def test_a_gate_that_starts_anew_knows_its_keys_and_calls(server, admin, folder):
    running = Kept(folder, server)
    desk = running.cut_key("Desk", "All")
    count = desk.count("/service/tickets")
    assert count == admin.count("/service/tickets") > 0
    gone = running.cut_key("Gone", "All")
    running.bitting("member", "deactivate", "Gone")
    assert gone.send("GET", "/service/tickets").status_code == 401
    ended(running)
    running = Kept(folder, server)
    assert running.with_key("Desk").count("/service/tickets") == count
    assert running.with_key("Gone").send("GET", "/service/tickets").status_code == 401, "revoked stays revoked"
    assert ("Desk", 200, "allowed", 200) in running.calls()
    _, private = server.key("admin")
    holding = [file.name for file in folder.rglob("*") if file.is_file() and private.encode() in file.read_bytes()]
    assert holding == [], "the key of the PSA rests nowhere"
    ended(running)


def test_a_psa_that_is_down_is_named_and_found_again(server, folder):
    line = Line(server)
    line.cut()
    address = f"https://localhost:{line.port}"
    environment = Kept.environment(type("Of", (), {"psa": server})())
    said = refused(folder, server, "--psa", address, environment=environment)
    # A gate that has never seen its PSA knows neither locations nor boards to hold anything against.
    assert "The PSA behind this gate cannot be reached" in said and address in said, said
    line.join()
    running = Kept(folder, server, line)
    desk = running.cut_key("Desk", "All")
    assert desk.get("/service/tickets", pageSize=1)
    ended(running)
    line.cut()
    # One that has seen it starts with what it knows, and says so.
    running = Kept(folder, server, line)
    assert "the gate starts with the structure it knows" in running.log()
    desk = running.with_key("Desk")
    answer = desk.send("GET", "/service/tickets", pageSize=1)
    assert answer.status_code == 502, answer.text
    assert "The PSA behind this gate cannot be reached" in answer.text, answer.text
    # What the role lacks is denied all the same, without the PSA.
    assert desk.send("GET", "/company/contacts").status_code == 403
    line.join()
    assert desk.get("/service/tickets", pageSize=1), "found again without a new start"
    ended(running)
    line.cut()


def test_calls_are_kept_with_what_the_psa_said(server, admin, folder):
    line = Line(server)
    running = Kept(folder, server, line)
    desk = running.cut_key("Desk", "All")
    desk.get("/service/tickets", pageSize=1)
    assert desk.send("GET", "/service/tickets/99999999").status_code == 404
    assert desk.send("GET", "/company/contacts").status_code == 403
    line.cut()
    assert desk.send("GET", "/service/tickets", pageSize=1).status_code == 502
    kept = [call for call in running.calls() if call[0] == "Desk"]
    assert kept == [
        ("Desk", 200, "allowed", 200),
        ("Desk", 404, "allowed", 404),
        ("Desk", 403, "denied", None),
        ("Desk", 502, "allowed", 0),
    ], kept
    ended(running)
