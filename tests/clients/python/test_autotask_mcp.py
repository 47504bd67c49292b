"""The tools of the unmodified iflow-mcp-tegwin-autotaskmcp 1.0.1, called as its protocol's server would call them.

The protocol itself (mcp) is stood in for by empty modules: what is tried are the requests of the tools. It posts notes
at their own path, which the vendor answers with 404, and so does Bitting.
"""

import asyncio
import importlib
import json
import sys
import types

import pytest
import requests

from apart import FOLDER


class Desk:
    """Lets functions be what they are."""

    def __init__(self, *_, **__):
        pass

    def tool(self, *_, **__):
        return lambda function: function


@pytest.fixture
def tools_of(server, monkeypatch):
    """The module with one of the server's users."""

    def load(who="admin", **changes):
        for name, members in {"mcp": {}, "mcp.server": {}, "mcp.server.fastmcp": {"FastMCP": Desk}}.items():
            module = types.ModuleType(name)
            vars(module).update(members)
            monkeypatch.setitem(sys.modules, name, module)
        user = server.facts["autotask"][who]
        given = {
            "AUTOTASK_USERNAME": user["username"],
            "AUTOTASK_SECRET": user["secret"],
            "AUTOTASK_INTEGRATION_CODE": user["integration_code"],
            "AUTOTASK_API_URL": f"{server.facts['https']}/ATServicesRest/v1.0",
            "SSL_CERT_FILE": server.facts["ca_file"],
            **changes,
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.syspath_prepend(str(FOLDER / "iflow-mcp-tegwin-autotaskmcp"))
        monkeypatch.delitem(sys.modules, "autotask_mcp", raising=False)
        return importlib.import_module("autotask_mcp")

    return load


def run(tool, given):
    return asyncio.run(tool(given))


def made(text):
    """The id in the answer that a tool shows whole."""
    return json.loads(text[text.rindex("{") :])["itemId"]


def test_a_ticket_is_made_changed_and_found(tools_of, unique):
    at = tools_of()
    title = unique("Tray 2 is empty")
    company = json.loads(run(at.autotask_search_companies, at.SearchCompaniesInput(max_results=2)))["companies"][1]
    ticket = made(
        run(
            at.autotask_create_ticket,
            at.CreateTicketInput(title=title, company_id=company["id"], due_date_time="2026-12-24T10:00:00Z"),
        )
    )
    changed = run(at.autotask_update_ticket, at.UpdateTicketInput(ticket_id=ticket, status=5, title=title + " again"))
    assert "updated successfully" in changed
    shown = json.loads(run(at.autotask_get_ticket, at.GetTicketInput(ticket_id=ticket)))
    assert (shown["title"], shown["status"], shown["companyID"]) == (title + " again", 5, company["id"])
    found = json.loads(
        run(at.autotask_search_tickets, at.SearchTicketsInput(title_contains=title.upper(), company_id=company["id"]))
    )
    assert [row["id"] for row in found["tickets"]] == [ticket]


def test_choices_people_and_roles_are_read(tools_of):
    at = tools_of()
    values = run(at.autotask_get_picklist_values, at.GetPicklistValuesInput(entity="Tickets", field="Status"))
    labels = {value["label"] for value in json.loads(values[values.index("[") :])}
    assert {"New", "Complete"} <= labels
    contact = json.loads(run(at.autotask_search_contacts, at.SearchContactsInput(max_results=1)))["contacts"][0]
    assert contact["isActive"] == 1
    roles = json.loads(run(at.autotask_search_roles, at.SearchRolesInput()))["roles"]
    assert all(role["isActive"] is True for role in roles) and roles


def test_time_is_logged_by_whoever_has_the_role(tools_of, server):
    at = tools_of()
    user = server.facts["autotask"]["admin"]
    query = requests.Session()
    query.trust_env, query.verify = False, server.facts["ca_file"]
    query.headers.update(
        UserName=user["username"], Secret=user["secret"], ApiIntegrationCode=user["integration_code"]
    )
    everything = {"filter": [{"op": "exist", "field": "assignedResourceRoleID"}], "MaxRecords": 1}
    answer = query.post(f"{server.facts['https']}/ATServicesRest/V1.0/Tickets/query", json=everything)
    ticket = answer.json()["items"][0]
    entry = at.CreateTimeEntryInput(
        ticket_id=ticket["id"],
        resource_id=ticket["assignedResourceID"],
        role_id=ticket["assignedResourceRoleID"],
        hours_worked=0.5,
        summary_notes="Filled the tray",
    )
    assert "created successfully" in run(at.autotask_create_time_entry, entry)


def test_notes_belong_below_their_ticket(tools_of):
    at = tools_of()
    note = at.CreateTicketNoteInput(ticket_id=1, description="Looked at it")
    assert "status 404" in run(at.autotask_create_ticket_note, note)


def test_what_is_refused_says_why(tools_of):
    at = tools_of()
    wrong = run(at.autotask_create_ticket, at.CreateTicketInput(title="x", company_id=0, priority=77))
    assert "status 500" in wrong and "Picklist value [77] does not exist for priority" in wrong
    nobody = run(at.autotask_create_ticket, at.CreateTicketInput(title="x", company_id=987654321))
    assert "Reference value on field: companyID" in nobody
    least = tools_of("least")
    denied = run(least.autotask_update_ticket, least.UpdateTicketInput(ticket_id=1, status=5))
    assert "status 500" in denied and "adequate permissions to update this entity" in denied
    locked_out = tools_of(AUTOTASK_SECRET="wrong")
    assert "status 401" in run(locked_out.autotask_get_company, locked_out.GetCompanyInput(company_id=0))
