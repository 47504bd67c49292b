"""The unmodified pyconnectwise through `bitting gate`, in front of the run's own server as its PSA.

Knows how a gate is started and how its roles are cut; what a role may do is the server's own tests' business.
"""

import json
import os
import pathlib
import subprocess

import pytest
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.exceptions import AuthenticationFailedException, NotFoundException, PermissionsFailedException

from psa import BINARY, Server


class Gate(Server):
    """A gate with ports and members of its own."""

    def __init__(self, folder, psa):
        self.psa = psa
        super().__init__(folder)

    def usual(self):
        return ()

    def command(self):
        arguments = ["gate", "--psa", self.psa.facts["https"], "--company", self.psa.company, "--data", "state"]
        return [*arguments, "--ca-file", self.psa.facts["ca_file"]]

    def environment(self):
        public, private = self.psa.key("admin")
        keys = {"BITTING_PUBLIC_KEY": public, "BITTING_PRIVATE_KEY": private, "BITTING_CLIENT_ID": self.psa.client_id}
        return dict(os.environ, **keys)

    def bitting(self, *arguments):
        """What a command prints that works on this gate."""
        environment = dict(os.environ, BITTING_SERVER=str(self.folder / "state"))
        done = subprocess.run(
            [BINARY, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"bitting {arguments}: {done.stderr}"
        return done.stdout

    def virtual_key(self, member, rows, *form):
        """A client with a new member's key, whose role has these rows."""
        self.bitting("role", "create", member)
        for row, *levels in rows:
            self.bitting("role", "set", member, row, *levels)
        self.bitting("member", "create", member, "--role", member, *form)
        self.bitting("key", "new", member, "--description", "test", "--key-file", f"{member}.json")
        pair = json.loads((self.folder / f"{member}.json").read_text())
        return ConnectWiseManageAPIClient(
            self.company, self.host, self.client_id, pair["public_key"], pair["private_key"]
        )


@pytest.fixture(scope="module")
def gate(server, tmp_path_factory):
    running = Gate(tmp_path_factory.mktemp("gate"), server)
    # The client library knows one file of authorities: both servers' for these scenarios.
    before = os.environ["REQUESTS_CA_BUNDLE"]
    both = running.folder / "authorities.pem"
    both.write_text("".join(pathlib.Path(file).read_text() for file in (before, running.facts["ca_file"])))
    os.environ["REQUESTS_CA_BUNDLE"] = str(both)
    yield running
    os.environ["REQUESTS_CA_BUNDLE"] = before
    code = running.stop()
    assert code == 0, f"the gate left with {code}: {running.log()}"


@pytest.fixture(scope="module")
def client(gate):
    rows = [
        ("Service Desk / Service Tickets", "--add", "All", "--edit", "All", "--inquire", "All"),
        ("Companies / Company Maintenance", "--inquire", "All"),
    ]
    return gate.virtual_key("Desk", rows)


def test_pages_are_walked_to_the_end_at_the_gates_own_address(client, admin, gate):
    count = client.service.tickets.count.get().count
    assert count == admin.count("/service/tickets") > 0
    ids = [row.id for row in client.service.tickets.paginated(1, max(2, count // 4)).all()]
    assert len(ids) == len(set(ids)) == count


def test_conditions_fields_and_single_records(client, admin):
    found = client.company.companies.get(params={"conditions": "deletedFlag = False and id < 9", "orderBy": "id desc"})
    expected = admin.get("/company/companies", conditions="deletedFlag = False and id < 9", orderBy="id desc")
    assert [row.id for row in found] == [row["id"] for row in expected] != []
    assert client.company.companies.id(found[0].id).get().name == expected[0]["name"]
    with pytest.raises(NotFoundException):
        client.service.tickets.id(99_999_999).get()


def test_a_ticket_is_made_and_changed_on_the_psa(client, admin, company, unique):
    summary = unique("gated")
    made = client.service.tickets.post(data={"summary": summary, "company": {"id": company["id"]}})
    changed = client.service.tickets.id(made.id).patch(
        data=[{"op": "replace", "path": "summary", "value": f"{summary} changed"}]
    )
    assert changed.summary == f"{summary} changed"
    assert admin.get(f"/service/tickets/{made.id}")["summary"] == f"{summary} changed"


def test_what_the_role_lacks_is_denied(client, ticket):
    with pytest.raises(PermissionsFailedException):
        client.company.contacts.get()
    with pytest.raises(PermissionsFailedException):
        client.service.tickets.id(ticket["id"]).delete()


def test_my_is_the_member_of_that_name_on_the_psa(gate, admin, unique):
    owner = admin.get("/system/members", conditions="inactiveFlag = False", pageSize=1)[0]["identifier"]
    own = gate.virtual_key(owner, [("Service Desk / Service Tickets", "--inquire", "My")])
    condition = f'owner/identifier = "{owner}" or resources contains "{owner}" or _info/enteredBy = "{owner}"'
    expected = {row["id"] for row in admin.all("/service/tickets", conditions=condition)}
    assert {row.id for row in own.service.tickets.paginated(1, 100).all()} == expected
    foreign = admin.get("/service/tickets", conditions=f'owner/identifier != "{owner}"', pageSize=1)[0]
    with pytest.raises(NotFoundException):
        own.service.tickets.id(foreign["id"]).get()


def test_a_revoked_key_ends_at_once(gate):
    short = gate.virtual_key("Short", [("Companies / Company Maintenance", "--inquire", "All")])
    assert short.company.companies.get(params={"pageSize": 1})
    gate.bitting("member", "deactivate", "Short")
    with pytest.raises(AuthenticationFailedException):
        short.company.companies.get(params={"pageSize": 1})
