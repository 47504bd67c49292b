"""What real clients see of the faults that an operator sets on a key: each has to be met as its own failure is on a
live server, and to be over when it is over."""

import time

import pytest
import requests
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.exceptions import PermissionsFailedException
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

TICKETS = "service/tickets"


@pytest.fixture
def faults(server, admin):
    """Sets faults on the key of `least`, and clears them afterwards."""
    public, _ = server.key("least")
    path = f"{admin.origin}/bitting/apis/3.0/faults"

    def add(**fault):
        answer = admin.session.post(path, json={"key": public, "path": TICKETS, **fault})
        assert answer.status_code == 201, answer.text

    yield add
    assert admin.session.delete(path).status_code < 300


@pytest.fixture
def client(server):
    return ConnectWiseManageAPIClient(server.company, server.host, server.client_id, *server.key("least"))


@pytest.fixture
def patient(server, least):
    """Plain requests with urllib3's own retries, which heed Retry-After."""
    session = requests.Session()
    session.trust_env, session.verify, session.auth = False, server.facts["ca_file"], least.session.auth
    session.headers["clientId"] = server.client_id
    retries = Retry(total=4, backoff_factor=0, status_forcelist=[429, 502, 503], respect_retry_after_header=True)
    session.mount("https://", HTTPAdapter(max_retries=retries))
    return lambda: session.get(f"{least.base}/{TICKETS}?pageSize=5", timeout=120)


def test_a_client_that_heeds_retry_after_waits_so_long_and_gets_through(faults, patient):
    faults(kind="throttle", seconds=1, times=2)
    started = time.monotonic()
    answer = patient()
    assert answer.status_code == 200 and answer.json()
    # Twice a second: less would mean that the header was not understood.
    assert time.monotonic() - started >= 2


def test_a_server_that_fails_once_is_asked_again(faults, patient):
    faults(kind="error", status=503, times=2)
    answer = patient()
    assert answer.status_code == 200 and "x-bitting-fault" not in answer.headers


def test_a_client_that_tries_again_by_itself_gets_through_or_gives_up(faults, client):
    faults(kind="error", status=500, times=2)
    assert client.service.tickets.get()
    faults(kind="error", status=500)
    # It takes an error that speaks of a time-out for one that may pass, and asks three times more.
    with pytest.raises(requests.exceptions.Timeout):
        client.service.tickets.get()


def test_a_page_that_breaks_off_is_no_json(faults, client):
    faults(kind="truncate", times=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.service.tickets.get()
    assert client.service.tickets.get()


def test_a_slow_answer_runs_into_the_clients_own_time_limit(faults, least):
    faults(kind="latency", milliseconds=20_000, times=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        least.session.get(f"{least.base}/{TICKETS}", timeout=0.5)
    assert least.get(f"/{TICKETS}", pageSize=1)


def test_a_right_withdrawn_between_two_pages_ends_the_run(faults, client):
    faults(kind="withdraw", right="Service Desk / Service Tickets", after=1)
    pages = client.service.tickets.paginated(1, 5)
    assert len(pages.data) == 5
    with pytest.raises(PermissionsFailedException):
        pages.get_next_page()
