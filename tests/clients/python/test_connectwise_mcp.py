"""The tools of the unmodified connectwise-mcp 0.1.0, called as its protocol's server would call them.

The protocol itself (fastmcp, starlette) is stood in for by empty modules: what is tried are the requests of the tools.
It takes numbers and texts apart only by what comes back, so a tool that reads a field of another type breaks.
"""

import importlib
import sys
import types

import pytest

from apart import FOLDER


class Desk:
    """Keeps what is registered as a tool, by name."""

    def __init__(self, *_, **__):
        self.tools = {}

    def tool(self, *_, **__):
        return lambda function: self.tools.setdefault(function.__name__, function)

    def custom_route(self, *_, **__):
        return lambda function: function


STOOD_IN = {
    "dotenv": {"load_dotenv": lambda *_: None},
    "fastmcp": {"FastMCP": Desk},
    "fastmcp.server": {},
    "fastmcp.server.auth": {"AccessToken": object, "TokenVerifier": object},
    "starlette": {},
    "starlette.requests": {"Request": object},
    "starlette.responses": {"JSONResponse": object},
}


@pytest.fixture
def tools_of(server, monkeypatch):
    """The tools with one of the server's keys."""

    def load(public, private):
        for name, members in STOOD_IN.items():
            module = types.ModuleType(name)
            vars(module).update(members)
            monkeypatch.setitem(sys.modules, name, module)
        for name, value in {
            "CW_BASE_URL": f"{server.facts['https']}/v4_6_release/apis/3.0",
            "CW_COMPANY_ID": server.company,
            "CW_PUBLIC_KEY": public,
            "CW_PRIVATE_KEY": private,
            "CW_CLIENT_ID": server.client_id,
            "SSL_CERT_FILE": server.facts["ca_file"],
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.syspath_prepend(str(FOLDER / "connectwise-mcp"))
        monkeypatch.delitem(sys.modules, "server", raising=False)
        module = importlib.import_module("server")
        # Not to be found by another test under so plain a name.
        monkeypatch.delitem(sys.modules, "server")
        return module.mcp.tools

    return load


def test_every_list_is_shown(tools_of, server, admin):
    tools = tools_of(*server.key("admin"))
    company = admin.get("/company/companies", pageSize=1)[0]
    agreement = admin.get("/finance/agreements", pageSize=1)[0]
    project = admin.get("/project/projects", pageSize=1)[0]
    board = admin.get("/service/boards", conditions='name="Service Desk"')[0]
    named = {"company_id": company["id"]}
    for name, given in {
        "search_tickets": {"board": "Service Desk"}, "get_open_tickets": {}, "get_boards": {},
        "get_board_statuses": {"board_id": board["id"]}, "get_priorities": {}, "search_cw_kb_articles": {},
        "search_companies": {}, "get_contacts": named, "get_configurations": {}, "get_projects": {},
        "get_project_tickets": {"project_id": project["id"]}, "get_time_entries": {}, "get_members": {},
        "get_company_types": {}, "get_company_statuses": {}, "get_configuration_statuses": {}, "get_work_types": {},
        "get_project_statuses": {}, "get_invoices": {}, "get_agreement_types": {}, "get_opportunities": {},
        "get_agreement_additions": {"agreement_id": agreement["id"]},
    }.items():
        shown = tools[name](**given)
        assert shown.startswith(("Found ", "Agreement #")), f"{name}: {shown[:200]}"


def test_a_ticket_is_made_noted_moved_and_worked_on(tools_of, server, admin):
    tools = tools_of(*server.key("admin"))
    company = admin.get("/company/companies", pageSize=1)[0]
    before = tools["get_ticket_count"](board="Service Desk")
    made = tools["create_ticket"](company["id"], "Made by a tool", "Service Desk", "Priority 2 - High", "It beeps.")
    number = int(made.split("#")[1].split(" ")[0])
    assert "added" in tools["add_ticket_note"](number, "Looked at it.")
    assert "Status: Assigned" in tools["update_ticket_status"](number, "Assigned")
    member = admin.get("/system/members", conditions='identifier="dfrost"')[0]["id"]
    worked = tools["log_time"](number, "ServiceTicket", member, 0.5, "Looked at it.")
    assert "0.50 hrs" in worked, worked
    shown = tools["get_ticket"](number)
    assert "Priority 2 - High" in shown and "Notes (2)" in shown
    assert "0.5" in tools["get_ticket_time"](number)
    assert tools["get_ticket_count"](board="Service Desk") != before
    admin.send("DELETE", f"/service/tickets/{number}")


def test_without_the_right_nothing_is_shown_and_nothing_made(tools_of, server, admin):
    tools = tools_of(*server.key("least"))
    assert tools["get_invoices"]().startswith("No invoices")
    company = admin.get("/company/companies", pageSize=1)[0]
    before = admin.count("/project/projects")
    told = tools["create_project"]("No", company["id"], "Projects", "ActualRates", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    assert told.startswith("Failed") and admin.count("/project/projects") == before
    assert tools_of("nobody", "nothing")["get_boards"]().startswith("No boards")
