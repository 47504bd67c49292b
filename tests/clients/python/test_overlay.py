"""An API description of a user's own: imported, served, and under its rights."""

import json
import pathlib
import subprocess

import pytest

from psa import BINARY, Raw, Server

SPEC = """
openapi: 3.0.1
paths:
  /service/tickets/{parentId}/gadgets:
    get:
      responses:
        "200": {content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Gadget"}}}}}
    post:
      responses:
        "201": {content: {application/json: {schema: {$ref: "#/components/schemas/Gadget"}}}}
  /service/tickets/{parentId}/gadgets/{id}:
    get:
      responses:
        "200": {content: {application/json: {schema: {$ref: "#/components/schemas/Gadget"}}}}
components:
  schemas:
    Gadget:
      required: [name]
      properties:
        id: {type: integer}
        name: {type: string, maxLength: 30}
        weight: {type: number}
    Ticket:
      properties:
        moonPhase: {type: string, enum: [New, Full]}
"""


def bitting(folder, *arguments):
    return subprocess.run([BINARY, *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grown")
    (folder / "mine.yaml").write_text(SPEC)
    done = bitting(folder, "catalog", "import", "mine.yaml", "--into", "mine")
    assert done.returncode == 0, done.stderr
    assert "service/tickets/gadgets: as service/tickets" in done.stdout
    checked = bitting(folder, "catalog", "check", "mine")
    assert checked.returncode == 0, checked.stderr
    server = Server(folder, "--data-overlay", "mine", "--no-autotask", "--no-sync")
    yield server
    server.stop()


def test_new_records_and_fields_are_served(grown):
    admin = Raw(grown, *grown.key("admin"))
    ticket = admin.get("/service/tickets", pageSize=1)[0]["id"]
    path = f"/service/tickets/{ticket}/gadgets"
    made = admin.create(path, {"name": "Lever", "weight": 2.5})
    assert admin.get(f"{path}/{made['id']}")["weight"] == 2.5
    assert [row["name"] for row in admin.get(path, conditions='name="Lever"')] == ["Lever"]
    assert admin.send("POST", path, {"weight": 1}).status_code == 400
    changed = admin.patch(
        f"/service/tickets/{ticket}", {"op": "replace", "path": "moonPhase", "value": "full"}
    )
    assert changed["moonPhase"] == "Full"


def test_the_guessed_right_is_enforced(grown):
    admin = Raw(grown, *grown.key("admin"))
    role = admin.create("/system/securityroles", {"name": "Nothing"})
    admin.create("/system/apiMembers", {"identifier": "none", "name": "none", "securityRole": {"id": role["id"]}})
    key = bitting(grown.folder, "key", "new", "none", "--description", "test", "--key-file", "none.json", "--server", operator(grown))
    assert key.returncode == 0, key.stderr
    pair = json.loads((grown.folder / "none.json").read_text())
    refused = Raw(grown, pair["public_key"], pair["private_key"]).send("GET", "/service/tickets/1/gadgets")
    assert refused.status_code == 403
    assert refused.headers["x-bitting-denial"].startswith("needs Service Desk / Service Tickets: Inquire")


def operator(server):
    """The operator's file of a server without a data directory lies beside its authority's."""
    return str(pathlib.Path(server.facts["ca_file"]).parent)


def test_a_broken_overlay_is_refused_by_file_and_line(grown):
    folder = grown.folder
    bad = folder / "bad" / "connectwise" / "service" / "gizmos.toml"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        'schema = "Gizmo"\nright = { action = "Service Desk / Nonsense" }\n[paths]\n"/service/gizmos" = "collection"\n'
    )
    refused = bitting(folder, "catalog", "check", "bad")
    assert refused.returncode == 1
    assert "service/gizmos.toml:2" in refused.stderr, refused.stderr
    started = bitting(folder, "serve", "--port", "0", "--data-overlay", "bad")
    assert started.returncode == 1 and "service/gizmos.toml:2" in started.stderr
    (folder / "broken.json").write_text('{"openapi": "3.0.1",\n "paths": ')
    spec = bitting(folder, "catalog", "import", "broken.json", "--check")
    assert spec.returncode == 1 and "broken.json" in spec.stderr and "line 2" in spec.stderr
