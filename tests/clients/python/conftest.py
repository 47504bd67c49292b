"""One server for the whole run, and the records that several scenarios start from."""

import itertools
import os
import signal

import pytest

from psa import Raw, Server

_numbers = itertools.count(1)
# Only a hang is ended by this, such as a list whose pages never stop.
HANG_SECONDS = 300


@pytest.fixture(autouse=True)
def no_hang():
    def stop(*_):
        raise TimeoutError(f"the test did not end in {HANG_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"))
    # The client libraries read the authority from here, as their users would tell them.
    os.environ["REQUESTS_CA_BUNDLE"] = running.facts["ca_file"]
    # A proxy of the machine has no business between a test and its own server.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"
    yield running
    code = running.stop()
    assert code == 0, f"the server left with {code}: {running.log()}"


@pytest.fixture(scope="session")
def admin(server):
    return Raw(server, *server.key("admin"))


@pytest.fixture(scope="session")
def least(server):
    return Raw(server, *server.key("least"))


@pytest.fixture(scope="session")
def company(admin):
    """A company of the demo that is in use and not deleted."""
    return admin.get("/company/companies", conditions="deletedFlag=False", pageSize=1)[0]


@pytest.fixture
def ticket(admin, company):
    """A fresh ticket with the fewest fields a caller may send."""
    body = {"summary": f"Printer is out of toner {next(_numbers)}", "company": {"id": company["id"]}}
    return admin.create("/service/tickets", body)


@pytest.fixture
def unique():
    """A text that no other record of this run carries."""
    return lambda word: f"{word}{os.getpid()}x{next(_numbers)}"
