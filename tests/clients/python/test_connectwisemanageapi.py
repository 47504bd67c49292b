"""Scenarios of the unmodified ConnectWiseManageAPI 0.3.9: functions that page by hand, read the type of each way to
reach a contact, and look at whatever comes back as a list.
"""

import sys

import pytest

from apart import FOLDER


@pytest.fixture(scope="module")
def library():
    folder = FOLDER / "ConnectWiseManageAPI"
    assert folder.is_dir(), f"ConnectWiseManageAPI is not installed in {folder}: run ./test python"
    sys.path.insert(0, str(folder))
    try:
        import ConnectWiseManageAPI

        yield ConnectWiseManageAPI
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def base(server):
    return f"https://{server.host}/v4_6_release/apis/3.0/"


@pytest.fixture(scope="module")
def key(library, server):
    return library.connectCWManage(server.company, *server.key("admin"), server.client_id)


def whole():
    return {"page": 1, "pageSize": 1000}


@pytest.mark.parametrize(
    ("function", "path"),
    [
        ("pullCWCompanies", "/company/companies"),
        ("pullCWContacts", "/company/contacts"),
        ("pullCWConfigurations", "/company/configurations"),
        ("pullCWTickets", "/service/tickets"),
        ("pullCWInvoices", "/finance/invoices"),
        ("pullCWInvoiceItems", "/procurement/products"),
        ("pullCWProject", "/project/projects"),
        ("pullCWProjectTicket", "/project/tickets"),
    ],
)
def test_everything_is_pulled(library, key, base, admin, function, path):
    pulled = getattr(library, function)(key, base, whole())
    assert len(pulled) == admin.count(path) > 0


def test_agreements_and_additions(library, key, base, admin):
    addition = admin.get("/finance/agreements", conditions="cancelledFlag=false", pageSize=1)[0]
    company = addition["company"]["id"]
    assert addition["id"] in [row["id"] for row in library.pullCWAgreement(key, base, company)]
    additions = library.pullCWAddition(key, base, addition["id"])
    assert additions
    library.updateCWAddition(key, base, addition["id"], additions[0]["id"], 7)
    path = f"/finance/agreements/{addition['id']}/additions/{additions[0]['id']}"
    assert admin.get(path)["quantity"] == 7


def test_notes_and_members(library, key, base, admin, ticket):
    contact = admin.get("/company/contacts", pageSize=1)[0]["id"]
    note = library.createCWTicketNote(key, base, ticket["id"], "From the library", contact)
    assert (note["text"], note["contact"]["id"]) == ("From the library", contact)
    assert "From the library" in [note["text"] for note in library.pullCWTicketNotes(key, base, ticket["id"], whole())]
    assert library.pullCWMemberInfo(key, base, "akent")["identifier"] == "akent"


def test_refusals_come_back_as_they_are(library, base, server):
    least = library.connectCWManage(server.company, *server.key("least"), server.client_id)
    assert library.invokeCWManage(least, "GET", base, "service/boards")["code"] == "Security"
    public, _ = server.key("admin")
    wrong = library.connectCWManage(server.company, public, "wrong", server.client_id)
    assert library.invokeCWManage(wrong, "GET", base, "service/boards")["code"] == "Unauthorized"
