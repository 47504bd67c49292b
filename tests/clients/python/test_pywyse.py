"""Scenarios of the unmodified pywyse 0.0.1: reads its key from a file in the home folder, puts slashes where others put
none, and two of them in a row before the notes of a ticket.
"""

import sys

import pytest

from apart import FOLDER

CONFIGURATION = """[DEFAULT]
cw_server = {host}
cw_company = {company}
cw_public = {public}
cw_private = {private}
cw_clientid = {client_id}
cw_codebase = v4_6_release
cw_apiversion = 3.0
cw_integration = {integration}

[SELL]
sell_key = a
sell_user = b
sell_pw = c
"""


@pytest.fixture(scope="module")
def pywyse(server, admin, tmp_path_factory):
    folder = FOLDER / "pywyse"
    assert folder.is_dir(), f"pywyse is not installed in {folder}: run ./test python"
    public, private = server.key("admin")
    home = tmp_path_factory.mktemp("home")
    (home / ".cw_conf").write_text(
        CONFIGURATION.format(
            host=server.host,
            company=server.company,
            public=public,
            private=private,
            client_id=server.client_id,
            integration=admin.get("/system/members", conditions="identifier='BittingAdmin'")[0]["id"],
        )
    )
    with pytest.MonkeyPatch.context() as patched:
        # The library reads its file when it is imported.
        patched.setenv("HOME", str(home))
        patched.syspath_prepend(str(folder))
        import pywyse

        yield pywyse
    for name in [name for name in sys.modules if name.split(".")[0] == "pywyse"]:
        del sys.modules[name]


def test_companies_and_their_sites(pywyse, company):
    desk = pywyse.company.Company()
    assert [row["id"] for row in desk.get_companies(conditions=f"id={company['id']}")] == [company["id"]]
    sites = desk.get_sites(company["id"])
    assert desk.get_site(company["id"], sites[0]["id"])["name"] == sites[0]["name"]


def test_a_ticket_with_both_kinds_of_notes(pywyse, company, admin, unique):
    desk = pywyse.service.Ticket()
    summary = unique("From pywyse")
    body = {"summary": summary, "company": {"id": company["id"]}, "project_description": "Of the project", "notes": "Told"}
    made = desk.create_ticket(body)
    assert admin.get(f"/service/tickets/{made}")["summary"] == summary
    assert desk.get_ticket(made)["companyName"] == company["name"]
    notes = {note["text"]: note["internalAnalysisFlag"] for note in admin.get(f"/service/tickets/{made}/notes")}
    assert notes == {"Of the project": True, "Told": False}
    assert [note["text"] for note in desk.get_ticket_association(made)] == list(notes)


def test_changes_and_goings(pywyse, ticket, server):
    client = pywyse.Client()
    path = f"/service/tickets/{ticket['id']}"
    changed = client.cw_patch(path, body=[{"op": "replace", "path": "summary", "value": "Changed"}])
    assert (changed.status_code, changed.json()["summary"]) == (200, "Changed")
    assert client.cw_get("/service/tickets/count", conditions=f"id={ticket['id']}").json() == {"count": 1}
    assert client.cw_delete(path).status_code == 204
    assert client.cw_get(path).status_code == 404


def test_a_wrong_key_and_one_that_may_not(pywyse, server):
    public, private = server.key("least")
    conf = pywyse.auth({**pywyse.Client().conf, "cw_public": public, "cw_private": private})
    refused = pywyse.Client(conf=conf).cw_get("/service/boards")
    assert (refused.status_code, refused.json()["code"]) == (403, "Security")
    conf = pywyse.auth({**conf, "cw_private": "wrong"})
    assert pywyse.Client(conf=conf).cw_get("/service/boards").status_code == 401
