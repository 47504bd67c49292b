"""Scenarios of the unmodified pyconnectwise 0.6.1.2, over https with the server's own authority."""

import pytest
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.exceptions import (
    AuthenticationFailedException,
    MalformedRequestException,
    NotFoundException,
    ObjectExistsError,
    PermissionsFailedException,
)


def connect(server, public, private, company=None):
    return ConnectWiseManageAPIClient(company or server.company, server.host, server.client_id, public, private)


@pytest.fixture(scope="module")
def client(server):
    return connect(server, *server.key("admin"))


@pytest.fixture(scope="module")
def least_client(server):
    return connect(server, *server.key("least"))


def test_the_codebase_comes_from_companyinfo(client):
    assert client.codebase == "v4_6_release/"


def test_system_info_names_a_version_that_clients_can_parse(client):
    info = client.system.info.get()
    numbers = info.version.removeprefix("v").split(".")
    assert 2 <= len(numbers) <= 4 and all(part.isdigit() for part in numbers), info.version


LISTS = {
    "companies": lambda c: c.company.companies,
    "contacts": lambda c: c.company.contacts,
    "configurations": lambda c: c.company.configurations,
    "tickets": lambda c: c.service.tickets,
    "opportunities": lambda c: c.sales.opportunities,
    "activities": lambda c: c.sales.activities,
    "agreements": lambda c: c.finance.agreements,
    "members": lambda c: c.system.members,
    "boards": lambda c: c.service.boards,
}


@pytest.mark.parametrize("name", LISTS)
def test_paging_through_finds_what_count_says(client, name):
    endpoint = LISTS[name](client)
    count = endpoint.count.get().count
    assert count > 0, f"the demo has no {name}"
    # Small enough that there are several pages, large enough that a large demo stays quick.
    size = max(2, count // 4)
    ids = [row.id for row in endpoint.paginated(1, size).all()]
    assert len(ids) == count
    assert len(set(ids)) == count, "a row came twice"


def test_paging_by_two_stops_after_the_last_page(client):
    ids = [row.id for row in client.company.companies.types.paginated(1, 2).all()]
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == client.company.companies.types.count.get().count


def test_a_page_knows_its_neighbours(client):
    page = client.company.companies.paginated(2, 10)
    assert page.has_prev_page and page.prev_page == 1
    assert page.has_next_page and page.next_page == 3
    first = {row.id for row in client.company.companies.paginated(1, 10).data}
    assert first.isdisjoint(row.id for row in page.data)


def test_conditions_narrow_the_list_and_the_count_alike(client, company):
    condition = {"conditions": f'company/id={company["id"]} and summary like "*"'}
    rows = list(client.service.tickets.paginated(1, 100, dict(condition)).all())
    assert {row.company.id for row in rows} <= {company["id"]}
    assert len(rows) == client.service.tickets.count.get(params=dict(condition)).count


def test_a_condition_that_nothing_meets_is_an_empty_list(client):
    assert client.company.companies.get(params={"conditions": 'identifier="NoSuchCompanyAnywhere"'}) == []


def test_order_and_fields_are_honoured(client):
    rows = client.company.companies.get(params={"orderBy": "name desc", "fields": "id,identifier,name", "pageSize": 50})
    names = [row.name.casefold() for row in rows]
    assert names == sorted(names, reverse=True)
    assert all(row.city is None for row in rows), "a field came that was not asked for"


def test_a_ticket_lives_its_life(client, company):
    made = client.service.tickets.post({"summary": "Laptop does not start", "company": {"id": company["id"]}})
    assert made.id and made.summary == "Laptop does not start"
    assert made.company.id == company["id"]
    assert made.board.id and made.status.id and made.priority.id, "the defaults were not filled in"
    assert made.closed_flag is False

    at = client.service.tickets.id(made.id)
    assert at.get().summary == "Laptop does not start"

    changed = at.patch([{"op": "replace", "path": "summary", "value": "Laptop starts slowly"}])
    assert changed.summary == "Laptop starts slowly"
    assert at.get().summary == "Laptop starts slowly"

    assert at.delete() is None
    with pytest.raises(NotFoundException):
        at.get()


def test_put_replaces_the_whole_ticket(client, admin, ticket):
    whole = admin.get(f"/service/tickets/{ticket['id']}")
    whole["summary"] = "Replaced as a whole"
    whole["poNumber"] = "PO-17"
    at = client.service.tickets.id(ticket["id"])
    assert at.put(whole).po_number == "PO-17"
    whole.pop("poNumber")
    replaced = at.put(whole)
    assert replaced.summary == "Replaced as a whole"
    assert replaced.po_number is None, "PUT keeps no field that it was not given"


def test_notes_on_a_ticket(client, ticket):
    notes = client.service.tickets.id(ticket["id"]).notes
    made = notes.post({"text": "Called the customer back.", "detailDescriptionFlag": True})
    assert made.id and made.text == "Called the customer back."
    assert made.detail_description_flag is True
    assert made.internal_analysis_flag is False
    assert [note.id for note in notes.get()].count(made.id) == 1
    assert notes.count.get().count == len(notes.get())
    assert notes.id(made.id).patch([{"op": "replace", "path": "text", "value": "Solved."}]).text == "Solved."
    notes.id(made.id).delete()
    assert made.id not in [note.id for note in notes.get()]


def test_references_by_identifier_and_by_name(client, company, ticket):
    board = client.service.boards.id(ticket["board"]["id"]).get()
    statuses = client.service.boards.id(board.id).statuses.get()
    other = next(status for status in statuses if status.id != ticket["status"]["id"] and not status.closed_status)
    made = client.service.tickets.post(
        {
            "summary": "By name",
            "company": {"identifier": company["identifier"]},
            "board": {"name": board.name},
            "status": {"name": other.name},
        }
    )
    assert made.company.id == company["id"]
    assert made.board.id == board.id
    assert made.status.id == other.id


def test_closing_a_ticket_sets_what_follows_from_the_status(client, ticket):
    statuses = client.service.boards.id(ticket["board"]["id"]).statuses.get()
    closed = next(status for status in statuses if status.closed_status)
    at = client.service.tickets.id(ticket["id"])
    shut = at.patch([{"op": "replace", "path": "status", "value": {"id": closed.id}}])
    assert shut.closed_flag is True and shut.closed_date
    opened = at.patch([{"op": "replace", "path": "status", "value": {"id": ticket["status"]["id"]}}])
    assert opened.closed_flag is False


def test_a_bad_key_is_turned_away(server):
    public, private = server.key("admin")
    for pair in ((public, private[:-1] + ("a" if private[-1] != "a" else "b")), ("NoSuchPublicKey", private)):
        with pytest.raises(AuthenticationFailedException):
            connect(server, *pair).service.tickets.get()


def test_an_unknown_company_has_no_codebase(server):
    # The library asks for a key of the answer, which is null: that is how its users meet it.
    with pytest.raises(AttributeError):
        connect(server, *server.key("admin"), company="nosuchcompany")


def test_a_missing_record_is_not_found(client):
    with pytest.raises(NotFoundException):
        client.company.companies.id(2_000_000_000).get()


def test_a_company_identifier_is_unique(client, unique):
    body = {"identifier": unique("Acme"), "name": "Acme", "addressLine1": "1 Main Street", "city": "Tampa"}
    made = client.company.companies.post(dict(body))
    assert made.identifier == body["identifier"]
    with pytest.raises(ObjectExistsError):
        client.company.companies.post(dict(body))
    assert client.company.companies.count.get(params={"conditions": f'identifier="{made.identifier}"'}).count == 1


INVALID_TICKETS = {
    "no summary": lambda c: {"company": {"id": c["id"]}},
    "no company": lambda c: {"summary": "Without a company"},
    "long summary": lambda c: {"summary": "x" * 101, "company": {"id": c["id"]}},
    "unknown company": lambda c: {"summary": "x", "company": {"id": 2_000_000_000}},
    "unknown status": lambda c: {"summary": "x", "company": {"id": c["id"]}, "status": {"name": "No such status"}},
    "unknown severity": lambda c: {"summary": "x", "company": {"id": c["id"]}, "severity": "Terrible"},
}


@pytest.mark.parametrize("case", INVALID_TICKETS)
def test_invalid_tickets_are_refused_and_leave_nothing(client, company, case):
    before = client.service.tickets.count.get().count
    with pytest.raises(MalformedRequestException):
        client.service.tickets.post(INVALID_TICKETS[case](company))
    assert client.service.tickets.count.get().count == before


def test_members_parse_in_full(client):
    members = list(client.system.members.paginated(1, 50).all())
    assert all(member.identifier and member.license_class for member in members)
    assert "A" in {member.license_class for member in members}, "API members are members too"


def test_configurations_carry_the_questions_of_their_type(client, company):
    kinds = client.company.configurations.types.get(params={"pageSize": 1000})
    asked = {kind.id: client.company.configurations.types.id(kind.id).questions.get() for kind in kinds}
    kind = next((id for id, questions in asked.items() if questions), None)
    assert kind is not None, "no configuration type of the demo asks a question"
    made = client.company.configurations.post(
        {"name": "Server room switch", "type": {"id": kind}, "company": {"id": company["id"]}}
    )
    read = client.company.configurations.id(made.id).get()
    assert read.type.id == kind
    wanted = {question.question for question in asked[kind] if not question.inactive_flag}
    assert {question.question for question in read.questions or []} == wanted
    client.company.configurations.id(made.id).delete()


def test_an_opportunity_and_an_activity(client, admin, company):
    contact = admin.get("/company/contacts", conditions="company/id>0", pageSize=1)[0]
    seller = admin.get("/system/members", conditions='licenseClass="F" and inactiveFlag=false', pageSize=1)[0]
    made = client.sales.opportunities.post(
        {
            "name": "New firewalls",
            "company": {"id": contact["company"]["id"]},
            "contact": {"id": contact["id"]},
            "primarySalesRep": {"id": seller["id"]},
            "expectedCloseDate": "2026-12-01T00:00:00Z",
        }
    )
    assert made.stage.id and made.status.id, "the defaults were not filled in"
    activity = client.sales.activities.post(
        {"name": "Call about firewalls", "assignTo": {"id": seller["id"]}, "opportunity": {"id": made.id}}
    )
    found = client.sales.activities.get(params={"conditions": f"opportunity/id={made.id}"})
    assert [row.id for row in found] == [activity.id]
    client.sales.activities.id(activity.id).delete()
    client.sales.opportunities.id(made.id).delete()


SETUP_TABLES = {
    "company types": lambda c: c.company.companies.types,
    "company statuses": lambda c: c.company.companies.statuses,
    "contact types": lambda c: c.company.contacts.types,
    "configuration types": lambda c: c.company.configurations.types,
    "configuration statuses": lambda c: c.company.configurations.statuses,
    "boards": lambda c: c.service.boards,
    "priorities": lambda c: c.service.priorities,
    "severities": lambda c: c.service.severities,
    "impacts": lambda c: c.service.impacts,
    "sources": lambda c: c.service.sources,
    "opportunity types": lambda c: c.sales.opportunities.types,
    "opportunity statuses": lambda c: c.sales.opportunities.statuses,
    "sales stages": lambda c: c.sales.stages,
    "sales probabilities": lambda c: c.sales.probabilities,
    "activity types": lambda c: c.sales.activities.types,
    "activity statuses": lambda c: c.sales.activities.statuses,
    "agreement types": lambda c: c.finance.agreements.types,
    "billing cycles": lambda c: c.finance.billing_cycles,
    "locations": lambda c: c.system.locations,
    "departments": lambda c: c.system.departments,
    "security roles": lambda c: c.system.security_roles if hasattr(c.system.security_roles, "get") else c.system.securityroles,
    "API members": lambda c: c.system.api_members,
    "setup screens": lambda c: c.system.setup_screens,
}


@pytest.mark.parametrize("table", SETUP_TABLES)
def test_every_setup_table_has_rows(client, table):
    endpoint = SETUP_TABLES[table](client)
    rows = endpoint.get(params={"pageSize": 1000})
    assert rows, f"{table} is empty"
    assert endpoint.count.get().count == len(rows)


def test_the_admin_holds_every_right(client):
    rows = client.system.my_security.get(params={"pageSize": 1000})
    assert len(rows) >= 72
    assert {row.inquire_level for row in rows} == {"All"}


# Which action opens which list, in the words of the security role screen.
NEEDS = {
    "companies": "Company Maintenance",
    "contacts": "Contacts",
    "configurations": "Configurations",
    "tickets": "Service Tickets",
    "opportunities": "Opportunity",
    "activities": "CRM/Sales Activities",
    "agreements": "Agreements",
    "members": "Member Maintenance",
}


def names(row):
    return {row.module_function_name, row.module_function_description}


@pytest.mark.parametrize("name", NEEDS)
def test_the_least_key_reads_what_its_own_security_says(least_client, name):
    rows = least_client.system.my_security.get(params={"pageSize": 1000})
    row = next((row for row in rows if NEEDS[name] in names(row)), None)
    assert row is not None, f"mySecurity has no row {NEEDS[name]}"
    endpoint = LISTS[name](least_client)
    if row.inquire_level in (None, "None"):
        with pytest.raises(PermissionsFailedException):
            endpoint.get()
        with pytest.raises(PermissionsFailedException):
            endpoint.count.get()
    else:
        ids = [found.id for found in endpoint.paginated(1, 250).all()]
        assert len(ids) == endpoint.count.get().count


def test_the_least_key_is_denied_something_and_allowed_something(least_client):
    outcomes = set()
    for endpoint in LISTS.values():
        try:
            endpoint(least_client).get()
            outcomes.add("allowed")
        except PermissionsFailedException:
            outcomes.add("denied")
    assert outcomes == {"allowed", "denied"}


def test_the_least_key_may_not_delete_a_company(least_client, client, company):
    with pytest.raises((PermissionsFailedException, NotFoundException)):
        least_client.company.companies.id(company["id"]).delete()
    assert client.company.companies.id(company["id"]).get().deleted_flag is not True
