"""Scenarios of the unmodified connectpyse 0.8.1: trailing slashes, lower-case names, exact statuses."""

import base64

import pytest
from connectpyse.company import companies_api, company as company_model
from connectpyse.restapi import ApiError
from connectpyse.service import ticket as ticket_model, ticket_note, ticket_notes_api, tickets_api
from connectpyse.system import info_api, members_api


def auth_of(server, who):
    public, private = server.key(who)
    token = base64.b64encode(f"{server.company}+{public}:{private}".encode()).decode()
    return {"Authorization": f"Basic {token}", "clientId": server.client_id}


@pytest.fixture(scope="module")
def where(server):
    return {"url": f"https://{server.host}/v4_6_release/apis/3.0", "auth": auth_of(server, "admin")}


def test_info_and_members(where):
    assert info_api.InfoAPI(**where).get_info().version
    members = members_api.MembersAPI(**where)
    members.pageSize = 1000
    assert len(list(members.get_members())) == members.get_members_count()


def test_conditions_and_child_conditions_in_lower_case(where, admin):
    companies = companies_api.CompaniesAPI(**where)
    kind = admin.get("/company/companies/types", pageSize=1)[0]
    companies.childconditions = f"types/id={kind['id']}"
    companies.pageSize = 1000
    found = list(companies.get_companies())
    assert len(found) == companies.get_companies_count()
    assert len(found) == admin.count("/company/companies", childConditions=f"types/id={kind['id']}")


def test_a_ticket_lives_its_life(where, company):
    tickets = tickets_api.TicketsAPI(**where)
    made = tickets.create_ticket(ticket_model.Ticket({"summary": "From connectpyse", "company": {"id": company["id"]}}))
    assert tickets.get_ticket_by_id(made.id).summary == "From connectpyse"
    assert tickets.update_ticket(made.id, "summary", "Changed").summary == "Changed"
    both = tickets.update_ticket_multiple_keys(made.id, {"summary": "Twice", "poNumber": "PO-2"})
    assert (both.summary, both.poNumber) == ("Twice", "PO-2")
    notes = ticket_notes_api.TicketNotesAPI(ticket_id=made.id, **where)
    note = notes.create_ticket_note(ticket_note.TicketNote({"text": "A note", "internalAnalysisFlag": True}))
    assert [row.id for row in notes.get_ticket_notes()] == [note.id]
    tickets.delete_ticket_by_id(made.id)
    with pytest.raises(ApiError, match="404"):
        tickets.get_ticket_by_id(made.id)


def test_a_configuration_is_attached_to_a_ticket(where, admin, ticket):
    configuration = admin.get("/company/configurations", pageSize=1)[0]
    tickets_api.TicketsAPI(**where).create_configurations(ticket["id"], {"id": configuration["id"]})
    attached = admin.get(f"/service/tickets/{ticket['id']}/configurations")
    assert [row["id"] for row in attached] == [configuration["id"]]


def test_a_company_lives_its_life(where, unique):
    companies = companies_api.CompaniesAPI(**where)
    body = {"identifier": unique("Pyse"), "name": "From connectpyse", "city": "Tampa"}
    made = companies.create_company(company_model.Company(dict(body)))
    assert companies.update_company(made.id, "city", "Bergen").city == "Bergen"
    with pytest.raises(ApiError, match="400"):
        companies.create_company(company_model.Company(dict(body)))
    companies.delete_company_by_id(made.id)


def test_denied(server, where, least):
    paths = {"tickets": tickets_api.TicketsAPI, "companies": companies_api.CompaniesAPI, "members": members_api.MembersAPI}
    lists = {"tickets": "get_tickets", "companies": "get_companies", "members": "get_members"}
    routes = {"tickets": "/service/tickets", "companies": "/company/companies", "members": "/system/members"}
    for name, api in paths.items():
        one = api(url=where["url"], auth=auth_of(server, "least"))
        if least.send("GET", routes[name]).status_code == 403:
            with pytest.raises(ApiError, match="403"):
                list(getattr(one, lists[name])())
        else:
            assert isinstance(list(getattr(one, lists[name])()), list)
