"""The calls of Autotask clients that no registry offers or that need another language's tools, read from their
sources and sent as they send them: go-autotask, Anteris' PHP client, n8n's nodes, the PowerShell module, autotask-node.
"""

import json
from urllib.parse import urlsplit

import pytest
import requests

EVERYTHING = [{"op": "gte", "field": "id", "value": 0}]


class Wire:
    """Plain requests with the three headers, spelled as a client spells them."""

    def __init__(self, server, names=("ApiIntegrationCode", "UserName", "Secret"), who="admin"):
        self.facts = server.facts["autotask"]
        user = self.facts[who]
        self.session = requests.Session()
        self.session.trust_env = False
        values = (user["integration_code"], user["username"], user["secret"])
        self.session.headers.update(dict(zip(names, values)), **{"Content-Type": "application/json"})
        self.user = user
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.facts["base_url"]))

    def send(self, method, url, status=200, **options):
        answer = self.session.request(method, url, timeout=120, **options)
        assert answer.status_code == status, f"{method} {url}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None


def test_go_takes_the_last_version_and_follows_pages_without_a_body(server):
    wire = Wire(server)
    bare = requests.Session()
    bare.trust_env = False
    versions = bare.get(f"{wire.origin}/atservicesrest/versioninformation", timeout=60).json()["apiVersions"]
    zone = bare.get(
        f"{wire.origin}/atservicesrest/{versions[-1]}/zoneInformation", params={"user": wire.user["username"]}, timeout=60
    ).json()
    assert isinstance(zone["ci"], int)
    # It glues its own path, which begins with a slash, to the zone's url, which ends with one.
    url, body, ids = f"{zone['url']}/v1.0/Tickets/query", json.dumps({"filter": [], "MaxRecords": 50}), []
    while url:
        page = wire.send("POST", url, data=body)
        ids += [item["id"] for item in page["items"]]
        url, body = page["pageDetails"]["nextPageUrl"], None
        # Credentials go to the same origin alone.
        assert url is None or url.startswith(wire.origin + "/")
    count = wire.send("POST", f"{zone['url']}/v1.0/Tickets/query/count", json={"filter": EVERYTHING})
    assert len(ids) == len(set(ids)) == count["queryCount"]
    # Its times need a zone.
    ticket = wire.send("GET", f"{zone['url']}/v1.0/Tickets/{ids[0]}")["item"]
    assert ticket["createDate"].endswith("Z")
    changed = wire.send("PATCH", f"{zone['url']}/v1.0/Tickets", json={"id": ids[0], "title": "Changed"})
    assert "errors" not in changed
    notes = wire.send("GET", f"{zone['url']}/v1.0/Tickets/{ids[0]}/Notes")
    assert set(notes) == {"items", "pageDetails"}


def test_php_pages_with_get_and_with_post(server):
    wire = Wire(server, ("APIIntegrationcode", "Username", "Secret"))
    base = f"{wire.origin}/ATServicesRest/v1.0/"
    search = {"filter": [{"op": "GTE".lower(), "field": "id", "value": "0"}], "MaxRecords": 100}
    first = wire.send("GET", base + "Companies/query", params={"search": json.dumps(search)})
    second = wire.send("GET", first["pageDetails"]["nextPageUrl"])
    again = wire.send("POST", first["pageDetails"]["nextPageUrl"], json=search)
    assert again == second and second["items"][0]["id"] > first["items"][-1]["id"]
    back = wire.send("GET", second["pageDetails"]["prevPageUrl"])
    assert back["items"] == first["items"]
    # Typed objects: texts that are never null, and no null where a field is required.
    fields = wire.send("GET", base + "Companies/entityInformation/fields")["fields"]
    assert all(isinstance(one["referenceEntityType"], str) for one in fields)
    required = [one["name"] for one in fields if one["isRequired"]]
    assert all(item[name] is not None for item in first["items"] for name in required)
    defined = wire.send("GET", base + "Companies/entityInformation/userDefinedFields")["fields"]
    assert all(one["defaultValue"] is not None and one["type"] for one in defined)
    wire.send("GET", base + "Appointments/entityInformation/userDefinedFields", status=404)


def test_n8n_ends_every_path_with_a_slash_and_repeats_the_prefix(server):
    wire = Wire(server, ("APIIntegrationcode", "Username", "Secret"))
    custom = f"{wire.origin}/ATServicesRest"
    info = wire.send("GET", f"{custom}/V1.0/Companies/entityInformation/")["info"]
    assert info["userAccessForQuery"] == "All"
    page = wire.send("POST", f"{custom}/V1.0/Companies/query/", json={"filter": [], "MaxRecords": 20})
    # Of the next page's link it takes path and query, behind the address it was given.
    link = urlsplit(page["pageDetails"]["nextPageUrl"])
    following = wire.send("POST", f"{custom}{link.path}?{link.query}", json={"filter": EVERYTHING})
    assert following["items"][0]["id"] > page["items"][-1]["id"] and following["pageDetails"]["requestCount"] == 20
    count = wire.send("GET", f"{custom}/V1.0/Companies/query/count/", params={"search": json.dumps({"filter": []})})
    assert isinstance(count["queryCount"], int)
    made = wire.send(
        "POST", f"{custom}/V1.0/Companies/0/ToDos/",
        json={"actionType": 1, "assignedToResourceID": 29682886,
              "startDateTime": "2026-03-02T09:00:00Z", "endDateTime": "2026-03-02T10:00:00Z"},
    )
    gone = wire.send("DELETE", f"{custom}/V1.0/Companies/0/ToDos/{made['itemId']}/")
    assert gone == made
    invoice = wire.send("POST", f"{custom}/V1.0/Invoices/query/", json={"filter": EVERYTHING, "MaxRecords": 1})
    file = wire.send("GET", f"{custom}/V1.0/Invoices/{invoice['items'][0]['id']}/InvoicePDF/")
    assert file["item"]["data"] and file["item"]["contentType"] == "application/pdf"
    wire.send("GET", f"{custom}/V1.0/ThresholdInformation/")


def test_powershell_writes_operators_in_lower_case_and_single_quotes(server):
    wire = Wire(server, ("ApiIntegrationcode", "UserName", "Secret"))
    base = f"{wire.origin}/atservicesrest/V1.0"
    search = "{'filter':[{'op':'beginswith','field':'CompanyName','value':'b'}]}"
    found = wire.send("GET", f"{base}/companies/query", params={"search": search})["items"]
    assert found and all(item["companyName"].lower().startswith("b") for item in found)
    wire.send("GET", f"{base}/Contacts/1/entityInformation", status=404)


def test_node_says_gzip_of_plain_json_and_writes_to_the_record(server):
    wire = Wire(server)
    base = f"{wire.origin}/ATServicesRest/v1.0"
    assert wire.send("GET", f"{base}/Version")["majorVersion"]
    headers = {"Content-Encoding": "gzip", "Accept-Encoding": "gzip, deflate"}
    body = {"companyID": 0, "title": "Printer", "status": 1, "priority": 3}
    made = wire.send("POST", f"{base}/Tickets", json=body, headers=headers)
    for method in ("PUT", "PATCH"):
        answer = wire.send(method, f"{base}/Tickets/{made['itemId']}", 405, json={"title": "x"}, headers=headers)
        assert answer == {"Message": f"The requested resource does not support http method '{method}'."}
    note = {"title": "n", "description": "d", "noteType": 1, "publish": 1}
    noted = wire.send("POST", f"{base}/Tickets/{made['itemId']}/Notes", json=note, headers=headers)
    assert wire.send("GET", f"{base}/TicketNotes/{noted['itemId']}")["item"]["ticketID"] == made["itemId"]
    wire.send("POST", f"{base}/TicketNotes", 404, json=note, headers=headers)


@pytest.mark.parametrize("header", ["ApiIntegrationCode", "UserName", "Secret"])
def test_a_missing_or_wrong_header_is_told_to_nobody(server, header):
    wire = Wire(server)
    url = f"{wire.facts['base_url']}V1.0/Companies/0"
    for value in ("wrong", None):
        wire.session.headers[header] = value
        answer = wire.session.get(url, timeout=60)
        assert (answer.status_code, answer.content) == (401, b"")


def test_a_denied_call_is_told_in_the_sentence_that_clients_look_for(server):
    wire = Wire(server, who="least")
    says = wire.send("POST", f"{wire.facts['base_url']}V1.0/PurchaseOrders/query", 500, json={"filter": EVERYTHING})
    assert says == {
        "errors": ["The logged in Resource does not have the adequate permissions to query this entity type."]
    }
