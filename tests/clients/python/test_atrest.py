"""Scenarios of the unmodified atrest: searches in the URL, bodies in PascalCase, numbers as texts."""

import base64

import pytest
import requests
from atrest import Client


def connect(server, who="admin", **changes):
    facts = server.facts["autotask"]
    user = {**facts[who], **changes}
    return Client(f"{facts['base_url']}V1.0", user["integration_code"], user["username"], user["secret"])


def test_a_ticket_is_made_with_a_file_and_found_by_its_id(server):
    client = connect(server)
    encoded = base64.b64encode(b"hello")
    ticket = client.create_ticket_with_attachment("Printer", "Out of toner", "1", "3", "0", "29682833", "Log", "log.txt", encoded)
    found = client.query_tickets(ticket).json()["items"]
    assert [item["id"] for item in found] == [ticket]
    assert (found[0]["title"], found[0]["queueID"]) == ("Printer", 29682833)
    facts = server.facts["autotask"]
    listed = requests.get(
        f"{facts['base_url']}v1.0//Tickets/{ticket}/Attachments/", headers=client.api.headers, timeout=30
    ).json()
    assert [(item["title"], item["data"]) for item in listed["items"]] == [("Log", None)]
    one = requests.get(
        f"{facts['base_url']}v1.0/tickets/{ticket}/attachments/{listed['items'][0]['id']}",
        headers=client.api.headers,
        timeout=30,
    ).json()
    assert base64.b64decode(one["items"][0]["data"]) == b"hello"


def test_bad_credentials_and_wrong_input_are_told_apart(server):
    with pytest.raises(requests.exceptions.HTTPError, match="Invalid Autotask credentials"):
        connect(server, secret="wrong").query_tickets(7653)
    with pytest.raises(requests.exceptions.HTTPError, match="bad query parameters"):
        connect(server).create_ticket("Printer", "x", "1", "99", "0", "29682833")


def test_what_the_level_does_not_open_is_refused(server):
    with pytest.raises(requests.exceptions.HTTPError, match="bad query parameters"):
        connect(server, "least").create_ticket("Printer", "x", "1", "3", "99999999", "29682833")
