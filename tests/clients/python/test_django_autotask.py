"""Scenarios of the unmodified django-autotask: its whole sync into a database of its own, and its writes.

It finds the zone without credentials, pages with GET and POST, leaves out values that are false, and breaks where
a number is null.
"""

import io
import sys
from types import SimpleNamespace

import django
import pytest
from django.conf import settings

from apart import FOLDER

DETAILS = {"timeout": 30.0, "batch_size": 50, "max_attempts": 1, "batch_query_size": 400, "keep_completed_hours": 24}


@pytest.fixture(scope="module")
def at(server):
    """The client's modules, set up as its users would, with an empty database in memory."""
    facts = server.facts["autotask"]
    sys.path.insert(0, str(FOLDER / "django-autotask"))
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djautotask"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        AUTOTASK_SERVER_URL=facts["base_url"],
        AUTOTASK_CREDENTIALS=credentials(facts["admin"]),
        DJAUTOTASK_CONF_CALLABLE=lambda: DETAILS,
    )
    django.setup()
    from django.core.management import call_command
    from djautotask import api, models, sync

    call_command("migrate", verbosity=0)
    return SimpleNamespace(api=api, models=models, sync=sync, call=call_command, facts=facts)


def credentials(user):
    return {
        "username": user["username"],
        "password": user["secret"],
        "integration_code": user["integration_code"],
        "rest_api_version": "1.0",
    }


def client(at, name, who="admin", **changes):
    given = {**credentials(at.facts[who]), **changes}
    return getattr(at.api, name)(**given)


def test_the_zone_is_found_and_an_unknown_user_has_none(at):
    zone = at.api.get_zone_info(at.facts["admin"]["username"])
    assert zone["url"] == at.facts["base_url"] and zone["webUrl"]
    with pytest.raises(at.api.AutotaskAPIError, match="could not be determined"):
        at.api.get_zone_info("nobody@example.com")


def test_everything_is_brought_over_and_nothing_breaks(at):
    err = io.StringIO()
    at.call("atsync", full=True, stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == ""
    assert not at.models.SyncJob.objects.exclude(success=True).exists()
    for model in (
        at.models.Resource,
        at.models.Account,
        at.models.Contract,
        at.models.Project,
        at.models.Phase,
        at.models.Task,
        at.models.Ticket,
        at.models.TicketNote,
        at.models.TimeEntry,
        at.models.ServiceCall,
        at.models.Contact,
        at.models.BillingCode,
    ):
        assert model.objects.exists(), model.__name__
    # None is left out for a value that must not be null.
    active = [{"op": "eq", "field": "isActive", "value": True}]
    search = client(at, "AccountsAPIClient")
    search.add_condition(at.api.ApiCondition(**active[0]))
    counted, page = 0, search.get(None)
    while True:
        counted += len(page["items"])
        if not page["pageDetails"]["nextPageUrl"]:
            break
        page = search.get(page["pageDetails"]["nextPageUrl"])
    assert at.models.Account.objects.filter(active=True).count() == counted
    assert all(call.duration > 0 for call in at.models.ServiceCall.objects.all())


def test_a_ticket_is_made_changed_and_noted(at):
    company = at.models.Account.objects.first()
    tickets = at.sync.TicketSynchronizer()
    ticket, _ = tickets.create(title="Printer", status=1, priority=2, account=company, description="Out of toner")
    assert ticket.ticket_number.startswith("T2")
    ticket, _ = tickets.update(ticket, title="Scanner", status=5)
    assert (ticket.title, ticket.status_id, bool(ticket.completed_date)) == ("Scanner", 5, True)
    notes = client(at, "TicketNotesAPIClient")
    note = notes.create(SimpleNamespace(id=None), ticket, title="n", description="d", noteType=1, publish=1)
    assert notes.get_single(note)["item"]["description"] == "d"


def test_a_file_goes_up_and_comes_down(at):
    ticket = at.models.Ticket.objects.first()
    files = client(at, "AttachmentInfoAPIClient")
    made = files.upload_attachments(ticket.id, {"file": ("log.txt", io.BytesIO(b"hello"))}, "Tickets")
    down = files.get_attachment(ticket.id, made["itemId"], "Tickets")
    assert down["data"] == "aGVsbG8="
    files.add_condition(at.api.ApiCondition(op="eq", field="ticketID", value=ticket.id))
    assert files.count()["queryCount"] >= 1


def test_a_time_entry_is_made_and_deleted(at):
    entries = client(at, "TimeEntriesAPIClient")
    person = at.models.Resource.objects.exclude(license_type_id=7).first()
    ticket = at.models.Ticket.objects.first()
    fields = {"resourceID": person.id, "ticketID": ticket.id, "dateWorked": "2026-03-02", "hoursWorked": 1,
              "roleID": at.models.Role.objects.first().id, "summaryNotes": "Looked"}
    made = entries.create(SimpleNamespace(id=None), **fields)
    assert entries.delete(SimpleNamespace(id=made)) == made
    with pytest.raises(at.api.AutotaskAPIError):
        entries.delete(SimpleNamespace(id=made))


def test_what_the_level_does_not_open_is_a_permission_error(at):
    denied = at.api.AutotaskSecurityPermissionsException
    with pytest.raises(denied, match="adequate permissions to query"):
        client(at, "ProjectsAPIClient", "least").get(None)
    ticket = at.models.Ticket.objects.first()
    with pytest.raises(denied, match="adequate permissions to update"):
        client(at, "TicketsAPIClient", "least").update(ticket, {"title": "x"})


def test_bad_credentials_are_no_permission_error(at):
    for changes in ({"password": "wrong"}, {"integration_code": "wrong"}):
        with pytest.raises(at.api.AutotaskAPIClientError, match="Unauthorized"):
            client(at, "TicketsAPIClient", **changes).get(None)
