"""Scenarios of the unmodified connectpyse-manage 0.0.7: it counts first and then asks for the pages."""

import pytest

from apart import connectwise_of


@pytest.fixture(scope="module")
def library():
    with connectwise_of("connectpyse-manage") as package:
        yield package


def connect(library, server, who):
    public, private = server.key(who)
    return library.ConnectWiseClient(f"https://{server.host}", server.company, public, private, server.client_id)


@pytest.fixture(scope="module")
def client(library, server):
    return connect(library, server, "admin")


def test_everything_by_count_and_pages(client, admin):
    assert len(client.get_companies()) == client.get_company_count() == admin.count("/company/companies")
    rows = client.get_all("company/contacts", pagesize=40, orderby="id desc")
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids), reverse=True) and len(ids) == admin.count("/company/contacts")


def test_a_ticket_lives_its_life(client, admin, company, ticket):
    board = ticket["board"]["id"]
    made = client.create_ticket(
        "From connectpyse-manage", "The body", company_id=company["id"], board_id=board, priority_id=ticket["priority"]["id"]
    )
    assert [note.text for note in client.get_ticket_notes(made.id)] == ["The body"], "initialDescription becomes a note"
    statuses = client.get_board_statuses(board)
    closed = next(row["id"] for row in admin.get(f"/service/boards/{board}/statuses") if row["closedStatus"])
    assert closed in [status.id for status in statuses]
    assert client.update_ticket_status(made.id, closed).status["id"] == closed
    assert client.update_ticket_field(made.id, "/summary", "Changed").summary == "Changed"
    assert client.add_ticket_note(made.id, "An internal note").id
    assert client.get_ticket_count(f"id={made.id}") == 1
    assert client.delete("service/tickets", made.id) is True
    assert client.get_ticket(made.id) is None


def test_the_real_product_refuses_its_wrong_field_name_as_well(library, client):
    # The library asks boards for `inactive`; the field is `inactiveFlag`, so 400 is the true answer.
    with pytest.raises(library.exceptions.ConnectWiseBadRequestError):
        client.get_boards()
    assert client.get_boards(active_only=False)


def test_errors_by_kind(library, server, client, company):
    errors = library.exceptions
    with pytest.raises(errors.ConnectWiseBadRequestError):
        client.post("service/tickets", {"summary": "x" * 101, "company": {"id": company["id"]}})
    public, _ = server.key("admin")
    wrong = library.ConnectWiseClient(f"https://{server.host}", server.company, public, "wrong", server.client_id)
    with pytest.raises(errors.ConnectWiseAuthenticationError):
        wrong.get_companies()


def test_denied(library, server, least):
    client = connect(library, server, "least")
    for path in ("company/companies", "service/tickets", "system/members", "service/boards"):
        if least.send("GET", "/" + path).status_code == 403:
            with pytest.raises(library.exceptions.ConnectWiseAPIError) as denied:
                client.get_all(path)
            assert denied.value.status_code == 403
        else:
            assert len(client.get_all(path)) == client.get_count(path)
