"""Scenarios of the unmodified py-autotask against the Autotask database of a running server."""

import itertools

import pytest
import requests
from py_autotask import AutotaskClient
from py_autotask.exceptions import AutotaskAPIError, AutotaskAuthError


def connect(server, who="admin", **changes):
    facts = server.facts["autotask"]
    user = facts[who]
    given = {
        "username": user["username"],
        "integration_code": user["integration_code"],
        "secret": user["secret"],
        "api_url": facts["base_url"],
    }
    return AutotaskClient.create(**{**given, **changes})


@pytest.fixture(scope="module")
def admin(server):
    with connect(server) as client:
        yield client


@pytest.fixture(scope="module")
def least(server):
    with connect(server, "least") as client:
        yield client


def everything():
    return [{"op": "gte", "field": "id", "value": 0}]


def test_the_own_company_has_the_id_zero(admin):
    own = admin.get("Companies", 0)
    assert own["companyName"] == "Bitting Managed Services"
    assert own["userDefinedFields"][0]["name"] == "Service Tier"


def test_a_missing_record_is_none(admin):
    assert not admin.tickets.get(99999999)


def test_a_query_filters_limits_and_orders_by_id(admin):
    page = admin.tickets.query([{"op": "eq", "field": "status", "value": 5}], max_records=7)
    ids = [item["id"] for item in page.items]
    assert len(ids) == 7 and ids == sorted(ids)
    assert {item["status"] for item in page.items} == {5}
    assert page.page_details.next_page_url.startswith("http://")


def test_a_count_agrees_with_the_list(admin):
    filters = [{"op": "eq", "field": "companyType", "value": 1}]
    count = admin.companies.count(filters)
    assert 0 < count == len(admin.companies.query(filters).items)


def test_fields_and_entity_tell_what_can_be_done(admin, least):
    fields = {field["name"]: field for field in admin.get_field_info("Tickets")["fields"]}
    assert fields["status"]["isPickList"] and fields["id"]["dataType"] == "long"
    assert admin.get_entity_info("Tickets")["info"]["userAccessForUpdate"] == "All"
    assert least.get_entity_info("Tickets")["info"]["userAccessForUpdate"] == "None"


def test_a_ticket_and_a_note_are_created(admin):
    ticket = {"companyID": 0, "title": "Printer is out of toner", "status": 1, "priority": 3}
    created = admin.create_entity("Tickets", ticket)
    kept = admin.tickets.get(created.item_id)
    assert kept["title"] == ticket["title"] and kept["ticketNumber"].startswith("T")
    note = {"title": "Seen", "description": "On it.", "noteType": 1, "publish": 1}
    made = admin.create_child_entity("Tickets", created.item_id, "Notes", note)
    notes = admin.query("TicketNotes", {"filter": [{"op": "eq", "field": "ticketID", "value": created.item_id}]})
    assert [item["id"] for item in notes.items] == [made.item_id]


def test_an_update_at_the_records_own_path_is_refused_as_upstream_does(admin):
    with pytest.raises(AutotaskAPIError):
        admin.update("Tickets", {"id": 7653, "status": 1})


def test_bad_credentials_are_refused(server):
    with connect(server, secret="wrong") as client:
        with pytest.raises(AutotaskAuthError):
            client.tickets.get(7653)
    with connect(server, integration_code="wrong") as client:
        with pytest.raises(AutotaskAuthError):
            client.tickets.get(7653)


def test_the_least_user_reads_its_own_share_and_no_more(admin, least):
    kinds = {company["companyType"] for company in least.companies.query(everything()).items}
    assert kinds <= {1, 6}
    assert least.companies.count(everything()) < admin.companies.count(everything())
    hidden = admin.companies.query([{"op": "eq", "field": "companyType", "value": 7}]).items[0]
    assert not least.companies.get(hidden["id"])


def test_a_denial_is_the_vendors_status(least):
    with pytest.raises(AutotaskAPIError) as denied:
        least.query("PurchaseOrders", {"filter": everything()})
    assert "500" in str(denied.value)
    company = {"companyName": "New", "companyType": 1, "phone": "555-0100", "ownerResourceID": 29682885}
    with pytest.raises(AutotaskAPIError):
        least.create_entity("Companies", company)


def test_user_defined_values_are_written_searched_and_shown(admin):
    ticket = {"companyID": 0, "title": "UDF", "status": 1, "priority": 3,
              "userDefinedFields": [{"name": "Escalated By", "value": "Mika Ruiz"}]}
    made = admin.create_entity("Tickets", ticket)
    page = admin.query("Tickets", {"filter": [{"op": "eq", "field": "Escalated By", "value": "mika ruiz", "udf": True}]})
    assert made.item_id in [item["id"] for item in page.items]
    assert {"name": "Escalated By", "value": "Mika Ruiz"} in admin.tickets.get(made.item_id)["userDefinedFields"]


def test_further_pages_are_where_the_link_says(server, admin):
    page = admin.query("Tickets", {"filter": everything(), "maxRecords": 100})
    link, seen = page.page_details.next_page_url, [item["id"] for item in page.items]
    user = server.facts["autotask"]["admin"]
    headers = {"UserName": user["username"], "Secret": user["secret"], "APIIntegrationcode": user["integration_code"]}
    verbs = itertools.cycle(["POST", "GET"])
    while link:
        answer = requests.request(next(verbs), link, headers=headers, json={}, timeout=30).json()
        seen += [item["id"] for item in answer["items"]]
        link = answer["pageDetails"]["nextPageUrl"]
    assert seen == sorted(set(seen)) and len(seen) == admin.tickets.count(everything())


def test_an_attachment_is_kept_and_listed_everywhere(admin):
    ticket = admin.create_entity("Tickets", {"companyID": 0, "title": "File", "status": 1, "priority": 3})
    file = {"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "Log", "fullPath": "log.txt", "data": "aGk="}
    made = admin.create_child_entity("Tickets", ticket.item_id, "Attachments", file)
    page = admin.query("AttachmentInfo", {"filter": [{"op": "eq", "field": "ticketID", "value": ticket.item_id}]})
    assert [(item["id"], item["fileSize"]) for item in page.items] == [(made.item_id, 2)]
