"""Scenarios of the unmodified pyRESTcw 0.0.15: slashes at the end, paths with a leading slash in patches."""

import pytest

from apart import connectwise_of


@pytest.fixture(scope="module")
def library():
    with connectwise_of("pyRESTcw") as package:
        yield package


@pytest.fixture(scope="module")
def client(library, server):
    public, private = server.key("admin")
    return library.Client(
        server.host,
        company_identifier=server.company,
        public_key=public,
        private_key=private,
        client_id=server.client_id,
    )


def test_companies_by_condition(client, company):
    found = client.company.companies.get(client, company_identifier=company["identifier"])
    assert (found.status_code, [row["id"] for row in found.json()]) == (200, [company["id"]])
    assert client.company.companies.count(client, company_identifier=company["identifier"]).json() == {"count": 1}


def test_empty_conditions_are_no_conditions(client, admin):
    assert client.company.companies.count(client).json() == {"count": admin.count("/company/companies")}


def test_contacts_and_configurations(client, admin):
    contact = admin.get("/company/contacts", conditions="inactiveFlag=false", pageSize=1)[0]
    assert [row["id"] for row in client.company.contacts.get(client, db_rid=contact["id"]).json()] == [contact["id"]]
    row = admin.get("/company/configurations", pageSize=1)[0]
    found = client.company.configurations.get(client, db_rid=row["id"], status=row["status"]["name"]).json()
    assert [one["id"] for one in found] == [row["id"]]


def test_a_ticket_lives_its_life(client, company, ticket, admin):
    made = client.service.tickets.create(client, "From pyRESTcw", company["identifier"], initial_description="Described")
    assert made.status_code == 201
    id = made.json()["id"]
    statuses = client.service.boardstatuses.get(client, made.json()["board"]["id"]).json()
    other = next(row["id"] for row in statuses if row["id"] != made.json()["status"]["id"] and not row["closedStatus"])
    changed = client.service.tickets.update_status(client, id, other)
    assert (changed.status_code, changed.json()["status"]["id"]) == (200, other)
    note = client.service.notes.get_all(client, id).json()
    assert [row["text"] for row in note] == ["Described"]
    assert client.service.priorities.get(client).json()
    assert [row["id"] for row in client.service.tickets.get(client, summary="From pyRESTcw").json()].count(id) == 1
