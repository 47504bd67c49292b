"""Scenarios of the unmodified autotask-client, asynchronous and typed. It declares Python 3.12 for its tools; the
client itself runs on older ones too.
"""

import asyncio
import sys
from urllib.parse import urlsplit

import pytest

from apart import FOLDER


@pytest.fixture(scope="module")
def at():
    folder = FOLDER / "autotask-client"
    assert folder.is_dir(), f"autotask-client is not installed in {folder}: run ./test python"
    sys.path.insert(0, str(folder))
    try:
        import autotask.client
        import autotask.config
        import autotask.entities.manager
        import autotask.exceptions
        import autotask.models.note
        import autotask.models.ticket
        import autotask.query

        yield autotask
    finally:
        sys.path.remove(str(folder))


def run(at, server, work, who="admin", **changes):
    """Runs `work(manager, client)` with one connection, from its opening to its end."""
    facts = server.facts["autotask"]
    user = facts[who]
    given = {
        "username": user["username"],
        "secret": user["secret"],
        "integration_code": user["integration_code"],
        "api_url": "{0.scheme}://{0.netloc}".format(urlsplit(facts["base_url"])),
        **changes,
    }

    async def scenario():
        async with at.client.AutotaskClient(at.config.AutotaskConfig(**given)) as client:
            return await work(at.entities.manager.EntityManager(client), client)

    return asyncio.run(scenario())


def test_everything_is_read_by_ascending_id(at, server):
    async def work(manager, client):
        tickets = await manager.query(at.models.ticket.Ticket, at.query.Q(id__gte=0))
        count = await client.post("Tickets/query/count", json={"filter": at.query.Q(id__gte=0).to_filter()})
        return [ticket.id for ticket in tickets], count["queryCount"]

    ids, count = run(at, server, work)
    assert ids == sorted(set(ids)) and len(ids) == count > 0


def test_filters_pick_lists_and_user_defined_fields(at, server):
    async def work(manager, _):
        Q = at.query.Q
        labels = await manager.resolve_picklist("Tickets", "status")
        done = await manager.query("Tickets", Q(status=5), Q(title__contains="e"))
        gold = await manager.query("Companies", Q.udf(**{"Service Tier": "Gold"}))
        some = await manager.query("Companies", Q(id__in=[0, gold[0].id]))
        return labels, done, gold, some

    labels, done, gold, some = run(at, server, work)
    assert labels[5] == "Complete"
    assert {ticket.status for ticket in done} == {5}
    assert all({"name": "Service Tier", "value": "Gold"} in company.userDefinedFields for company in gold)
    assert len(some) == 2


def test_a_ticket_is_made_and_changed(at, server):
    async def work(manager, client):
        Ticket = at.models.ticket.Ticket
        made = await manager.create(Ticket(title="Printer", companyID=0, status=1, priority=3))
        answer = await client.patch("Tickets", json={"id": made.id, "status": 5})
        return made, answer, await manager.get(Ticket, made.id)

    made, answer, read = run(at, server, work)
    assert answer == {"itemId": made.id}
    assert (read.status, read.title, read.ticketNumber == made.ticketNumber) == (5, "Printer", True)


def test_a_to_do_below_a_company_is_made_and_deleted(at, server):
    async def work(manager, client):
        body = {"actionType": 1, "assignedToResourceID": 29682886,
                "startDateTime": "2026-03-02T09:00:00", "endDateTime": "2026-03-02T10:00:00"}
        made = await client.post("Companies/0/ToDos", json=body)
        await manager.delete("Companies/0/ToDos", made["itemId"])
        try:
            return await manager.get("CompanyToDos", made["itemId"])
        except at.exceptions.AutotaskNotFoundError as error:
            return error

    assert isinstance(run(at, server, work), at.exceptions.AutotaskNotFoundError)


def test_what_the_level_does_not_open_is_an_error_of_the_api(at, server):
    async def work(manager, client):
        own = await manager.query("Tickets", at.query.Q(id__gte=0))
        with pytest.raises(at.exceptions.AutotaskAPIError, match="adequate permissions to update") as denied:
            await client.patch("Tickets", json={"id": own[0].id, "title": "x"})
        info = await manager.entity_info("PurchaseOrders")
        return denied.value, info["info"]

    denied, info = run(at, server, work, "least")
    # Sentences of authentication in a 500 would be taken for one.
    assert denied.status_code == 500 and not isinstance(denied, at.exceptions.AutotaskAuthError)
    assert info["userAccessForQuery"] == "None"


def test_bad_credentials_are_an_authentication_error(at, server):
    async def work(manager, _):
        return await manager.get("Companies", 0)

    for changes in ({"secret": "wrong"}, {"integration_code": "wrong"}, {"username": "nobody@example.com"}):
        with pytest.raises(at.exceptions.AutotaskAuthError):
            run(at, server, work, **changes)


def test_five_at_once_hold_no_more_than_three_threads(at, server):
    async def work(manager, _):
        return await asyncio.gather(*(manager.get("Companies", 0) for _ in range(5)))

    assert len(run(at, server, work)) == 5
