"""What the unmodified django-connectwise does in a process of its own, since Django can be set up once in each.

Reads facts as JSON from standard input, where no list of processes shows keys, and prints what it saw as JSON. Run by test_django_connectwise.py.
"""

import io
import json
import sys
from datetime import UTC, datetime, timedelta

FACTS = json.load(sys.stdin)
sys.path.insert(0, FACTS["folder"])

import django  # noqa: E402
from django.conf import settings  # noqa: E402

# What its users set beside its defaults; it asks for release 2020.4 by itself.
DETAILS = {
    "max_attempts": 1,
    "keep_closed_ticket_days": 400,
    "callback_host": "http://127.0.0.1:9",
    "callback_url": "/callback/",
}


def configure():
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djconnectwise"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        # Its tables as they are now, not by way of every migration it ever had.
        MIGRATION_MODULES={"djconnectwise": None},
        USE_TZ=True,
        MEDIA_ROOT=FACTS["media"],
        CONNECTWISE_SERVER_URL=FACTS["url"],
        CONNECTWISE_CLIENTID=FACTS["client_id"],
        CONNECTWISE_TICKET_PATH="v4_6_release/services/system_io/router/openrecord.rails",
        CONNECTWISE_CREDENTIALS={
            "company_id": FACTS["company"],
            "api_public_key": FACTS["public"],
            "api_private_key": FACTS["private"],
        },
        DJCONNECTWISE_CONF_CALLABLE=lambda: DETAILS,
    )
    django.setup()


configure()

from django.core.management import call_command  # noqa: E402
from djconnectwise import api, callbacks, models  # noqa: E402


def sync_all():
    """The whole sync, and how many records of each kind arrived."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    out, err = io.StringIO(), io.StringIO()
    call_command("cwsync", full=True, stdout=out, stderr=err)
    failed = [job.message for job in models.SyncJob.objects.exclude(success=True)]
    counts = {
        model.__name__: model.objects.count()
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, models.TimeStampedModel) and not model._meta.abstract
        and not model._meta.proxy and model.__name__ != "SyncJob"
    }
    return {"err": err.getvalue(), "failed": failed, "counts": counts, "out": out.getvalue()}


def writes():
    """A ticket made, changed, scheduled, worked on, and gone."""
    service, schedule, time = api.ServiceAPIClient(), api.ScheduleAPIClient(), api.TimeAPIClient()
    company = models.Company.objects.filter(deleted_flag=False).first()
    board = models.ConnectWiseBoard.objects.get(name="Service Desk")
    made = service.create_ticket({"summary": "Made by django-connectwise", "company": company, "board": board})
    at = datetime.now(UTC).replace(microsecond=0)
    status = models.BoardStatus.objects.filter(board=board, closed_status=False).exclude(name=made["status"]["name"]).first()
    ticket = type("Ticket", (), {"id": made["id"]})()
    changed = service.update_ticket(ticket, {"status": status, "summary": "Changed", "requiredDate": at})
    member = models.Member.objects.get(identifier="dfrost")
    kind = models.ScheduleType.objects.get(identifier="S")
    entry = schedule.post_schedule_entry(
        ticket, kind, member=member, status=models.ScheduleStatus.objects.first(), date_start=at, date_end=at + timedelta(hours=1)
    )
    listed = api.ScheduleAPIClient().get_schedule_entries(conditions=[f"objectId={made['id']}"])
    task = service.create_ticket_task(made["id"], notes="Call back")
    tasks = service.get_ticket_tasks(made["id"])
    gone = schedule.delete_schedule_entry(entry["id"])
    service.delete_ticket(made["id"])
    try:
        service.get_ticket(made["id"])
        lost = "found"
    except api.ConnectWiseRecordNotFoundError as error:
        lost = str(error)
    return {
        "summary": changed["summary"], "status": changed["status"]["name"], "wanted": status.name,
        "entries": [row["id"] for row in listed], "entry": entry["id"], "tasks": len(tasks), "task": bool(task),
        "gone": gone.status_code if hasattr(gone, "status_code") else str(gone), "lost": lost,
    }


def hooks():
    """The callbacks that it wants are made once, and taken away again."""
    handler = callbacks.CallbacksHandler()
    handler.ensure_registered()
    first = sorted(row["type"] for row in handler.get_callbacks())
    handler.ensure_registered()
    again = sorted(row["type"] for row in handler.get_callbacks())
    handler.ensure_deleted()
    return {"first": first, "again": again, "left": len(handler.get_callbacks())}


def refusals():
    """What a key without the right, and a wrong key, are told."""
    denied = api.TimeAPIClient(api_public_key=FACTS["least_public"], api_private_key=FACTS["least_private"])
    wrong = api.ServiceAPIClient(api_public_key="nobody", api_private_key="nothing")
    told = {}
    for name, client, call in (
        ("denied", denied, lambda client: client.get_time_entries()),
        ("wrong", wrong, lambda client: client.get_boards()),
    ):
        try:
            told[name] = ["nothing", str(call(client))[:100]]
        except api.ConnectWiseAPIError as error:
            told[name] = [type(error).__name__, str(error)]
    return told


print(json.dumps({"sync": sync_all(), "writes": writes(), "hooks": hooks(), "refusals": refusals()}))
