"""Scenarios of the unmodified django-connectwise: its whole sync into a database of its own, its writes, the callbacks
it keeps, and what it makes of refusals. It asks for release 2020.4, ends its paths with a slash, and conditions by
`lastUpdated` and lists of ids.
"""

import json
import os
import subprocess
import sys

import pytest

from apart import FOLDER
from psa import PATIENCE_SECONDS

SCRIPT = "django_connectwise_run.py"
# Kinds that stay empty: it asks for the types of configurations at the path of their statuses, has no synchronizer for
# priorities of opportunities, and the demo company has no custom fields on tickets, projects, activities and
# opportunities.
EMPTY = {"ConfigurationType", "OpportunityPriority", "TicketUDF", "ProjectUDF", "ActivityUDF", "OpportunityUDF", "UDFDefinition"}


@pytest.fixture(scope="module")
def seen(server, tmp_path_factory):
    """What the client saw, from a process of its own."""
    (public, private), (least_public, least_private) = server.key("admin"), server.key("least")
    facts = {
        "folder": str(FOLDER / "django-connectwise"),
        "media": str(tmp_path_factory.mktemp("media")),
        "url": server.facts["https"],
        "client_id": server.client_id,
        "company": server.company,
        "public": public,
        "private": private,
        "least_public": least_public,
        "least_private": least_private,
    }
    script = os.path.join(os.path.dirname(__file__), SCRIPT)
    run = subprocess.run(
        [sys.executable, script], input=json.dumps(facts), capture_output=True, text=True, timeout=3 * PATIENCE_SECONDS, check=False
    )
    assert run.returncode == 0, run.stderr[-4000:]
    return json.loads(run.stdout)


def test_everything_is_brought_over_and_nothing_breaks(seen):
    sync = seen["sync"]
    assert sync["err"] == "" and sync["failed"] == []
    empty = {name for name, count in sync["counts"].items() if not count}
    assert empty == EMPTY
    assert sync["counts"]["Ticket"] > 500 and sync["counts"]["ServiceNote"] > 1000


def test_every_association_of_every_board_arrives(seen, admin):
    """It keeps those of all boards in one table, by their ids."""
    boards = [board["id"] for board in admin.all("/service/boards") if not board["inactiveFlag"]]
    listed = sum(len(admin.all(f"/service/boards/{board}/typeSubTypeItemAssociations")) for board in boards)
    assert seen["sync"]["counts"]["TypeSubTypeItemAssociation"] == listed


def test_a_ticket_is_made_changed_scheduled_and_gone(seen):
    writes = seen["writes"]
    assert (writes["summary"], writes["status"]) == ("Changed", writes["wanted"])
    assert writes["entries"] == [writes["entry"]] and writes["tasks"] == 1
    assert writes["lost"].startswith("Resource not found")


def test_its_callbacks_are_made_once_and_taken_away(seen):
    hooks = seen["hooks"]
    wanted = ["activity", "company", "contact", "opportunity", "project", "schedule", "ticket"]
    assert hooks == {"first": wanted, "again": wanted, "left": 0}


def test_refusals_are_told_apart(seen):
    denied, wrong = seen["refusals"]["denied"], seen["refusals"]["wrong"]
    assert denied[0] == "ConnectWiseSecurityPermissionsException" and "403" in denied[1]
    assert wrong[0] == "ConnectWiseAPIClientError" and "private key is wrong" in wrong[1]
