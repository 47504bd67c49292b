"""The traps of the wire, asked without a client library: what one client or another trips over."""

import http.client
import json
import re
import ssl
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from psa import PATIENCE_SECONDS, Raw

COLLECTIONS = [
    "/company/companies",
    "/company/contacts",
    "/company/configurations",
    "/service/tickets",
    "/service/boards",
    "/sales/opportunities",
    "/sales/activities",
    "/finance/agreements",
    "/system/members",
]


def bytes_of(server, path, method="GET", headers=(), body=None):
    """One request exactly as written here: status, headers and body, nothing tidied up."""
    host = urlsplit(server.facts["https"])
    trust = ssl.create_default_context(cafile=server.facts["ca_file"])
    line = http.client.HTTPSConnection(host.hostname, host.port, context=trust, timeout=PATIENCE_SECONDS)
    try:
        line.putrequest(method, path)
        for name, value in headers:
            line.putheader(name, value)
        if body is not None:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


def signed(raw):
    """The headers of a call with this key, as a list that can be extended."""
    prepared = raw.session.prepare_request(requests.Request("GET", raw.origin))
    return [(name, prepared.headers[name]) for name in ("Authorization", "clientId") if name in prepared.headers]


def links(header):
    """The Link header by rel; fails on anything that a strict reader would not match."""
    found = {}
    for link in header.split(", ") if header else []:
        match = re.fullmatch(r'<(https?://[^<>;,]+)>; rel="(next|prev|first|last)"', link)
        assert match, f"not a link that every client can read: {link!r} in {header!r}"
        found[match[2]] = match[1]
    return found


# --- Bootstrap and routing -------------------------------------------------------------------


def test_companyinfo_needs_no_key(server):
    status, headers, body = bytes_of(server, f"/login/companyinfo/{server.company}")
    assert status == 200
    assert headers["Content-Type"].replace(" ", "").lower() == "application/json;charset=utf-8"
    info = json.loads(body)
    assert info["Codebase"] == "v4_6_release/"
    assert info["CompanyID"].lower() == server.company.lower()
    assert isinstance(info["IsCloud"], bool)
    assert {"CompanyName", "VersionCode", "VersionNumber"} <= set(info)


@pytest.mark.parametrize("path", ["/login/companyInfo/{}", "/LOGIN/COMPANYINFO/{}", "/login/companyinfo/{}/"])
def test_companyinfo_in_any_case(server, path):
    for company in (server.company, server.company.upper()):
        status, _, body = bytes_of(server, path.format(company))
        assert status == 200 and b"Codebase" in body


def test_companyinfo_of_an_unknown_company_is_null(server):
    status, _, body = bytes_of(server, "/login/companyinfo/nosuchcompany")
    assert (status, body.strip()) == (200, b"null")


@pytest.mark.parametrize(
    "path",
    [
        "/v4_6_release/apis/3.0/company/companies",
        "/v4_6_release/apis/3.0/company/companies/",
        "/v4_6_release//apis/3.0/company//companies",
        "/V4_6_Release/APIs/3.0/Company/COMPANIES",
        "/v2025_1/apis/3.0/company/companies",
    ],
)
def test_routing_forgives_case_and_slashes(server, admin, path):
    status, _, body = bytes_of(server, f"{path}?pageSize=1", headers=signed(admin))
    assert status == 200, body[:300]
    assert body.lstrip().startswith(b"[")


def test_nested_paths_forgive_too(admin, ticket):
    straight = admin.get(f"/service/tickets/{ticket['id']}/notes")
    assert admin.get(f"/Service//Tickets/{ticket['id']}/Notes/") == straight


@pytest.mark.parametrize("path", ["/company/nosuchthing", "/nosuchmodule/companies", "/company/companies/1/nosuchthing", "/"])
def test_an_unknown_path_does_not_exist(admin, path):
    answer = admin.send("GET", path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "ConnectWiseApi"
    assert answer.json()["message"] == "The endpoint does not exist."


def test_a_missing_record_is_not_found(admin):
    answer = admin.send("GET", "/service/tickets/2000000000")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"


def test_a_parent_that_does_not_exist_is_not_found(admin):
    for path in ("/service/tickets/2000000000/notes", "/service/boards/9999999/statuses", "/company/companies/2000000000/sites"):
        assert admin.send("GET", path).status_code == 404, path


@pytest.mark.parametrize("method, path", [("PUT", "/company/companies"), ("DELETE", "/service/tickets"), ("POST", "/system/info")])
def test_a_verb_that_a_path_does_not_know(admin, method, path):
    assert admin.send(method, path, body={}).status_code == 405


# --- Authentication --------------------------------------------------------------------------


def test_wrong_keys_are_unauthorized(server):
    public, private = server.key("admin")
    for pair in [(public, "wrong"), ("wrong", private), (public, ""), (public.lower() + "x", private)]:
        answer = Raw(server, *pair).send("GET", "/service/tickets")
        assert answer.status_code == 401, pair[0]
        assert answer.json()["code"] == "Unauthorized"
        assert private not in answer.text


def test_no_key_at_all_is_unauthorized(server):
    assert Raw(server, None, None).send("GET", "/service/tickets").status_code == 401


@pytest.mark.parametrize("value", ["Basic", "Basic !!!!", "Basic YWJj", "Bearer abc", "", "Basic " + "A" * 9000])
def test_a_malformed_authorization_is_a_4xx(server, value):
    status, _, _ = bytes_of(
        server, "/v4_6_release/apis/3.0/service/tickets", headers=[("Authorization", value), ("clientId", server.client_id)]
    )
    assert 400 <= status < 500


def test_the_company_of_the_key_is_compared_without_case(server, admin):
    public, private = server.key("admin")
    session = requests.Session()
    session.trust_env = False
    answer = session.get(
        admin.base + "/system/info",
        auth=(f"{server.company.upper()}+{public}", private),
        headers={"CLIENTID": server.client_id},
        verify=server.facts["ca_file"],
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 200


def test_a_key_of_another_company_is_turned_away(server, admin):
    public, private = server.key("admin")
    answer = admin.session.get(
        admin.base + "/service/tickets", auth=(f"nosuchcompany+{public}", private), timeout=PATIENCE_SECONDS
    )
    assert answer.status_code in (400, 401, 404)


def test_system_info_without_a_key_but_not_with_a_bad_one(server):
    assert Raw(server, None, None).send("GET", "/system/info").status_code == 200
    assert Raw(server, "wrong", "wrong").send("GET", "/system/info").status_code == 401


def test_a_missing_client_id_is_named(server):
    answer = Raw(server, *server.key("admin"), client_id=False).send("GET", "/service/tickets")
    assert answer.status_code == 403
    assert "clientid" in answer.json()["message"].lower()


def test_a_denial_has_the_exact_body_and_a_header_that_explains(admin, least):
    denied = [path for path in COLLECTIONS if least.send("GET", path).status_code == 403]
    assert denied, "the least key is denied nothing"
    for path in denied:
        answer = least.send("GET", path)
        body = answer.json()
        assert body["code"] == "Security"
        assert body["message"] == "You do not have security permission to perform this action."
        assert body.get("errors") in (None, [])
        explained = [name for name, value in answer.headers.items() if "inquire" in value.lower()]
        assert explained, f"no header names the missing right for {path}: {dict(answer.headers)}"
        assert least.send("GET", path + "/count").status_code == 403
        # The very same call with a key that may.
        assert admin.send("GET", path).status_code == 200


def test_the_least_key_gets_exactly_what_it_lists(admin, least):
    compared = 0
    for path in COLLECTIONS:
        if least.send("GET", path).status_code == 403:
            continue
        listed = {row["id"] for row in least.all(path, fields="id")}
        assert least.count(path) == len(listed), path
        everything = sorted(row["id"] for row in admin.all(path, fields="id"))
        # A spread over the whole table, not its first page alone.
        for id in everything[:: max(1, len(everything) // 60)]:
            status = least.send("GET", f"{path}/{id}").status_code
            assert (status == 200) == (id in listed), f"{path}/{id}: {status}, listed: {id in listed}"
            compared += 1
    assert compared > 0


# --- Lists -----------------------------------------------------------------------------------


def test_the_default_page_holds_25(admin):
    assert admin.count("/company/companies") > 25
    assert len(admin.get("/company/companies")) == 25


def test_a_page_holds_at_most_1000(admin):
    for path in COLLECTIONS:
        assert len(admin.get(path, pageSize=5000)) == min(1000, admin.count(path)), path


def test_a_page_past_the_end_is_empty(admin):
    answer = admin.send("GET", "/company/companies", page=100000, pageSize=50)
    assert (answer.status_code, answer.json()) == (200, [])
    assert "next" not in links(answer.headers["Link"])


@pytest.mark.parametrize("name", ["page", "pageSize", "pageId"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "99999999999999999999", ""])
def test_strange_paging_never_breaks(admin, name, value):
    assert admin.send("GET", "/company/companies", **{name: value}).status_code in (200, 400)


def test_link_ends_each_url_with_the_page(admin):
    answer = admin.send("GET", "/company/companies", pageSize=10, page=2, conditions='name like "*a*" and id in (1,2,3) or id>0')
    found = links(answer.headers["Link"])
    assert {"next", "prev"} <= set(found)
    for rel, url in found.items():
        assert re.search(r"[?&]page=\d+$", url), f"{rel}: page is not the last parameter of {url}"
        assert url.startswith(admin.origin + "/"), f"not the host the client called: {url}"
    assert found["next"].endswith("page=3") and found["prev"].endswith("page=1")
    # A link must carry the conditions, or the second page is another list.
    followed = admin.session.get(found["next"], timeout=PATIENCE_SECONDS)
    straight = admin.get("/company/companies", pageSize=10, page=3, conditions='name like "*a*" and id in (1,2,3) or id>0')
    assert followed.json() == straight


def test_the_ends_of_a_list_have_no_link_beyond(admin):
    count = admin.count("/company/companies")
    last = (count + 9) // 10
    first_page = links(admin.send("GET", "/company/companies", pageSize=10).headers["Link"])
    last_page = links(admin.send("GET", "/company/companies", pageSize=10, page=last).headers["Link"])
    assert "prev" not in first_page and "next" in first_page
    assert "next" not in last_page
    # Where the last page is told, it is the last page.
    for found in (first_page, last_page):
        assert found.get("last", f"page={last}").endswith(f"page={last}")


def test_without_a_next_page_the_link_header_is_there_and_empty(server, admin):
    path = "/v4_6_release/apis/3.0/company/companies?pageSize=1000&conditions=id%3D-1"
    status, headers, body = bytes_of(server, path, headers=signed(admin))
    assert (status, body.strip()) == (200, b"[]")
    assert headers.get_all("Link") == [""]


def test_forward_only_walks_the_whole_table_once(admin):
    everything = [row["id"] for row in admin.all("/company/contacts", fields="id", orderBy="id")]
    size = max(2, len(everything) // 4)
    seen, page_id, rounds = [], 0, 0
    while True:
        answer = admin.send(
            "GET", "/company/contacts", headers={"pagination-type": "forward-only"}, pageSize=size, pageId=page_id, fields="id"
        )
        rows = [row["id"] for row in answer.json()]
        assert answer.status_code == 200
        assert rows == sorted(rows) and all(id > page_id for id in rows)
        seen += rows
        rounds += 1
        assert rounds < 20, "forward-only goes round in circles"
        header = answer.headers["Link"]
        if header == "":
            break
        following = links(header)["next"]
        page_id = int(parse_qs(urlsplit(following).query)["pageId"][0])
        assert page_id == rows[-1]
    assert seen == everything


def test_parameter_names_in_any_case(admin):
    assert len(admin.get("/company/companies", PAGESIZE=3)) == 3
    assert len(admin.get("/company/companies", pagesize=3, orderby="id")) == 3
    assert admin.get("/company/companies", CONDITIONS="id=-1") == []


def test_unknown_parameters_are_ignored(admin):
    assert len(admin.get("/company/companies", pageSize=2, nosuchparameter="x")) == 2


def test_fields_select_and_leave_out_info(admin, ticket):
    row = admin.get(f"/service/tickets/{ticket['id']}", fields="id,summary,status/id,board/name,nosuchfield")
    assert set(row) == {"id", "summary", "status", "board"}
    assert row["status"] == {"id": ticket["status"]["id"]}
    assert row["board"] == {"name": ticket["board"]["name"]}
    assert "_info" in admin.get(f"/service/tickets/{ticket['id']}", fields="id,_info")


@pytest.mark.parametrize("path", COLLECTIONS)
def test_rows_have_no_nulls_and_info_holds_texts_alone(admin, path):
    def walk(value, at):
        assert value is not None, f"null at {at}"
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "_info":
                    assert all(isinstance(text, str) for text in inner.values()), f"{at}/_info: {inner}"
                walk(inner, f"{at}/{name}")
        elif isinstance(value, list):
            for inner in value:
                walk(inner, f"{at}[]")

    rows = admin.get(path, pageSize=200)
    walk(rows, path)
    flags = {name for row in rows for name, value in row.items() if isinstance(value, bool)}
    for row in rows:
        assert flags <= set(row), f"{path}/{row['id']} leaves out {sorted(flags - set(row))}"


@pytest.mark.parametrize("path", ["/service/tickets", "/company/companies", "/system/members", "/company/contacts"])
def test_info_says_when_and_by_whom(admin, path):
    for row in admin.get(path, pageSize=50):
        for name in ("lastUpdated", "dateEntered"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["_info"][name]), row["_info"]


def test_references_carry_their_link(admin, ticket):
    for name in ("company", "board", "status"):
        href = ticket[name]["_info"][f"{name}_href"]
        assert href.startswith(admin.base + "/")
        answer = admin.session.get(href, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200 and answer.json()["id"] == ticket[name]["id"]


def test_lists_are_ordered_by_id_when_nothing_is_said(admin):
    ids = [row["id"] for row in admin.get("/company/companies", pageSize=200)]
    assert ids == sorted(ids)


@pytest.mark.parametrize("order", ["name", "name asc", "name DESC", "status/name asc, id desc"])
def test_order_by(admin, order):
    rows = admin.get("/company/companies", pageSize=300, orderBy=order)
    if order.startswith("status"):
        keys = [(row["status"]["name"].casefold(), -row["id"]) for row in rows]
    else:
        keys = [row["name"].casefold() for row in rows]
    assert keys == sorted(keys, reverse="DESC" in order)


# --- Conditions ------------------------------------------------------------------------------


def low(row, name):
    return str(row.get(name, "")).casefold()


CONDITIONS = {
    'name contains "a"': lambda r: "a" in low(r, "name"),
    "name contains 'a'": lambda r: "a" in low(r, "name"),
    'NAME CONTAINS "A"': lambda r: "a" in low(r, "name"),
    'name not contains "a"': lambda r: "a" not in low(r, "name"),
    'name like "a*"': lambda r: low(r, "name").startswith("a"),
    'name like "%a"': lambda r: low(r, "name").endswith("a"),
    'name not like "a*"': lambda r: not low(r, "name").startswith("a"),
    "id in (1,2,3,5,8,13)": lambda r: r["id"] in (1, 2, 3, 5, 8, 13),
    "id not in (1, 2, 3)": lambda r: r["id"] not in (1, 2, 3),
    "id>10 and id<=20": lambda r: 10 < r["id"] <= 20,
    "id > 10 AND id <= 20": lambda r: 10 < r["id"] <= 20,
    "id=1 or id=2 and id=3": lambda r: r["id"] == 1,
    "(id=1 or id=2) and id=2": lambda r: r["id"] == 2,
    "id!=1": lambda r: r["id"] != 1,
    "deletedFlag=False": lambda r: r["deletedFlag"] is False,
    "deletedFlag = true": lambda r: r["deletedFlag"] is True,
    "status/id=1": lambda r: r["status"]["id"] == 1,
    "Status/Id=1": lambda r: r["status"]["id"] == 1,
    "phoneNumber=null": lambda r: not r.get("phoneNumber"),
    "phoneNumber != null": lambda r: bool(r.get("phoneNumber")),
    "lastUpdated>[2000-01-01T00:00:00Z]": lambda r: True,
    "lastUpdated > [2000-01-01]": lambda r: True,
    "_info/lastUpdated<[2000-01-01]": lambda r: False,
    "dateEntered<[2000-01-01 00:00:00.000000+00:00]": lambda r: False,
    "dateEntered>[2000-01-01T00:00:00.000000]": lambda r: True,
}


@pytest.fixture(scope="module")
def companies(admin):
    return admin.all("/company/companies")


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions_mean_what_they_say(admin, companies, text):
    wanted = [row["id"] for row in companies if CONDITIONS[text](row)]
    assert [row["id"] for row in admin.all("/company/companies", conditions=text, fields="id", orderBy="id")] == wanted
    assert admin.count("/company/companies", conditions=text) == len(wanted)


def test_conditions_by_name_and_identifier(admin, companies):
    row = companies[len(companies) // 2]
    for text in (f'identifier="{row["identifier"]}"', f"identifier = '{row['identifier'].upper()}'"):
        assert [found["id"] for found in admin.get("/company/companies", conditions=text)] == [row["id"]]
    tickets = admin.all("/service/tickets", conditions=f'company/identifier="{row["identifier"]}"', fields="id")
    assert len(tickets) == admin.count("/service/tickets", conditions=f"company/id={row['id']}")


def test_quotes_inside_a_text(admin, unique):
    name = f'{unique("O")} "Brien" & O\'Neil [x] 100%'
    made = admin.create("/company/companies", {"identifier": unique("Quote"), "name": name[:50], "city": "Tampa"})
    escaped = made["name"].replace('"', '\\"')
    assert [row["id"] for row in admin.get("/company/companies", conditions=f'name="{escaped}"')] == [made["id"]]


def test_child_conditions_look_into_the_array(admin):
    contacts = [row for row in admin.all("/company/contacts") if row.get("communicationItems")]
    item = contacts[0]["communicationItems"][0]
    text = f'communicationItems/value="{item["value"]}" AND communicationItems/communicationType="{item["communicationType"]}"'
    wanted = [
        row["id"]
        for row in contacts
        if any(
            one["value"].casefold() == item["value"].casefold() and one["communicationType"] == item["communicationType"]
            for one in row["communicationItems"]
        )
    ]
    for name in ("childConditions", "childconditions"):
        assert [row["id"] for row in admin.all("/company/contacts", **{name: text}, orderBy="id")] == wanted
    assert admin.count("/company/contacts", childConditions=text) == len(wanted)


@pytest.mark.parametrize("path", COLLECTIONS)
def test_an_unknown_field_in_conditions_is_named(admin, path):
    for suffix in ("", "/count"):
        answer = admin.send("GET", path + suffix, conditions="nosuchfield/id=1")
        assert answer.status_code == 400
        body = answer.json()
        assert body["code"] == "ApiFindCondition"
        assert body["message"] == "nosuchfield/id is not a recognized name."


BAD_CONDITIONS = [
    "id=", "id", "=1", "id==1", "(id=1", "id=1)", 'name="x', "name='x", "id in ()", "id in (1", "id in 1", "and", "id=1 and",
    "id=1 or or id=2", "not", 'id="x"', "id=[2020-01-01]", "name contains", "lastUpdated>[nonsense]", "lastUpdated>[2020-13-45]",
    "(" * 2000 + "id=1" + ")" * 2000, "id=1;drop table companies", "id=1 --", "\x00", "🦀=1", "id=99999999999999999999999",
]


@pytest.mark.parametrize("text", BAD_CONDITIONS, ids=lambda text: ascii(text[:24]))
def test_bad_conditions_are_400_and_nothing_breaks(admin, text):
    answer = admin.send("GET", "/company/companies", conditions=text)
    assert answer.status_code == 400 or (answer.status_code == 200 and answer.json() == []), answer.text[:200]
    assert admin.send("GET", "/system/info").status_code == 200


def test_search_takes_conditions_from_the_body(admin, ticket):
    answer = admin.send("POST", "/service/tickets/search", {"conditions": f"id={ticket['id']}"})
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()] == [ticket["id"]]
    pascal = admin.send("POST", "/service/tickets/search", {"Conditions": f"id={ticket['id']}", "OrderBy": "id desc"})
    assert [row["id"] for row in pascal.json()] == [ticket["id"]]
    wrong = admin.send("POST", "/service/tickets/search", {"page": 1})
    assert wrong.status_code == 400 and wrong.json()["code"] == "ConnectWiseApi"


# --- Writes ----------------------------------------------------------------------------------


def test_patch_forgives_what_clients_send(admin, ticket):
    path = f"/service/tickets/{ticket['id']}"
    statuses = admin.get(f"/service/boards/{ticket['board']['id']}/statuses", conditions="closedStatus=false")
    other = next(row for row in statuses if row["id"] != ticket["status"]["id"])

    def change(op, field, **value):
        return admin.patch(path, {"op": op, "path": field, **value})

    assert change("replace", "summary", value="bare")["summary"] == "bare"
    assert change("replace", "/summary", value="slash")["summary"] == "slash"
    assert change("Replace", "Summary", value="case")["summary"] == "case"
    assert change("add", "poNumber", value="PO-1")["poNumber"] == "PO-1"
    assert "poNumber" not in change("remove", "poNumber")
    assert change("replace", "budgetHours", value="2.5")["budgetHours"] == 2.5
    assert "budgetHours" not in change("replace", "budgetHours", value=None)
    assert change("replace", "requiredDate", value="2030-01-02T03:04:05Z")["requiredDate"] == "2030-01-02T03:04:05Z"
    assert "requiredDate" not in change("replace", "requiredDate", value="")
    assert change("replace", "automaticEmailContactFlag", value="True")["automaticEmailContactFlag"] is True
    assert change("replace", "status/id", value=other["id"])["status"]["id"] == other["id"]
    assert change("replace", "/status/name", value=ticket["status"]["name"])["status"]["id"] == ticket["status"]["id"]
    assert change("replace", "status", value={"id": other["id"], "name": "ignored"})["status"]["id"] == other["id"]


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "explode", "path": "summary", "value": "x"}],
        [{"op": "replace", "value": "no path"}],
        [{"op": "replace", "path": "nosuchfield", "value": 1}],
        [{"op": "replace", "path": "summary", "value": "x" * 101}],
        [{"op": "replace", "path": "summary", "value": None}],
        [{"op": "replace", "path": "company", "value": {"id": 2000000000}}],
        [{"op": "replace", "path": "summary", "value": "half"}, {"op": "replace", "path": "severity", "value": "Terrible"}],
    ],
    ids=lambda operations: ascii(str(operations)[:40]),
)
def test_a_bad_patch_is_400_and_changes_nothing(admin, ticket, operations):
    path = f"/service/tickets/{ticket['id']}"
    before = admin.get(path)
    answer = admin.send("PATCH", path, operations)
    assert answer.status_code == 400, answer.text[:300]
    assert {"code", "message"} <= set(answer.json())
    assert admin.get(path) == before


@pytest.mark.parametrize(
    "operations", [{"op": "replace", "path": "summary", "value": "no list"}, ["summary"], [None], [1], [{"op": "replace", "path": "budgetHours", "value": "many"}]], ids=str
)
def test_a_patch_of_another_type_is_400(admin, ticket, operations):
    path = f"/service/tickets/{ticket['id']}"
    before = admin.get(path)
    answer = admin.send("PATCH", path, operations)
    assert (answer.status_code, answer.json()["code"]) == (400, "ConnectWiseApi")
    assert admin.get(path) == before


def test_scalars_may_come_as_texts(admin, company):
    made = admin.create(
        "/service/tickets",
        {"summary": "As texts", "company": {"id": str(company["id"])}, "budgetHours": "1.5", "automaticEmailCcFlag": "True", "duration": ""},
    )
    assert made["budgetHours"] == 1.5 and made["automaticEmailCcFlag"] is True


def error_of(answer):
    body = answer.json()
    assert answer.status_code == 400, answer.text[:300]
    assert body["code"] == "InvalidObject"
    assert body["message"].endswith("object is invalid")
    return body["errors"]


def test_a_missing_field_is_named(admin, company):
    errors = error_of(admin.send("POST", "/service/tickets", {"company": {"id": company["id"]}}))
    assert [(error["code"], error["field"]) for error in errors] == [("MissingRequiredField", "summary")]
    errors = error_of(admin.send("POST", "/service/tickets", {"summary": "x"}))
    assert [error["code"] for error in errors] == ["MissingRequiredField"]
    assert errors[0]["field"].startswith("company")


def test_a_long_text_is_named_with_its_limit(admin, company):
    (error,) = error_of(admin.send("POST", "/service/tickets", {"summary": "x" * 101, "company": {"id": company["id"]}}))
    assert (error["code"], error["field"]) == ("MaxLengthField", "summary")
    assert error["message"] == "The field summary must be a string with a maximum length of 100."


def test_a_reference_to_nothing_is_named(admin, company):
    body = {"summary": "x", "company": {"id": company["id"]}, "status": {"name": "No such status"}}
    (error,) = error_of(admin.send("POST", "/service/tickets", body))
    assert (error["code"], error["field"]) == ("NotFound", "status/name")


def test_a_duplicate_is_named(admin, company):
    body = {"identifier": company["identifier"].upper(), "name": "Twice", "city": "Tampa"}
    (error,) = error_of(admin.send("POST", "/company/companies", body))
    assert (error["code"], error["field"]) == ("ObjectExists", "identifier")


def test_a_record_in_use_stays(admin, company):
    answer = admin.send("DELETE", f"/company/companies/statuses/{company['status']['id']}")
    assert answer.status_code == 409
    assert admin.get(f"/company/companies/statuses/{company['status']['id']}")["id"] == company["status"]["id"]


def test_delete_answers_204_and_nothing_else(admin, ticket):
    answer = admin.send("DELETE", f"/service/tickets/{ticket['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert admin.send("DELETE", f"/service/tickets/{ticket['id']}").status_code == 404


def post_bytes(server, admin, body):
    return bytes_of(
        server,
        "/v4_6_release/apis/3.0/service/tickets",
        method="POST",
        headers=[*signed(admin), ("Content-Type", "application/json; charset=utf-8")],
        body=body,
    )


@pytest.mark.parametrize("body", [b"", b"{", b'{"summary":}', b"\xff\xfe", b"[" * 100_000, b'{"summary":"x"} and more'])
def test_a_malformed_body_is_a_4xx(server, admin, body):
    before = admin.count("/service/tickets")
    status, _, text = post_bytes(server, admin, body)
    assert 400 <= status < 500, text[:300]
    assert admin.count("/service/tickets") == before


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"x"', b'{"summary":"x","company":"acme"}'])
def test_json_of_another_type_is_400(server, admin, body):
    # The product answers 500 here, with the same code and text.
    before = admin.count("/service/tickets")
    status, _, text = post_bytes(server, admin, body)
    answer = json.loads(text)
    assert (status, answer["code"]) == (400, "ConnectWiseApi")
    assert answer["message"].startswith("Error converting value")
    assert admin.count("/service/tickets") == before


def test_an_oversized_body_is_refused(server, admin, company):
    body = b'{"summary":"x","initialDescription":"' + b"a" * (80 << 20) + b'"}'
    try:
        status, _, _ = bytes_of(
            server,
            "/v4_6_release/apis/3.0/service/tickets",
            method="POST",
            headers=[*signed(admin), ("Content-Type", "application/json")],
            body=body,
        )
        assert 400 <= status < 500
    except (ConnectionError, ssl.SSLError):
        # Hanging up before the whole body came is a refusal as well.
        pass
    assert admin.send("GET", "/system/info").status_code == 200


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "application/vnd.connectwise.com+json; version=2021.1, application/json",
        "application/vnd.connectwise.com+json",
        "application/vnd.connectwise.com+json; version=2021.1, blob",
        "text/html",
    ],
)
def test_no_accept_header_is_refused(admin, accept):
    answer = admin.send("GET", "/company/companies", headers={"Accept": accept}, pageSize=1)
    assert answer.status_code == 200
    assert "json" in answer.headers["Content-Type"]


def test_a_long_request_line_is_read(admin):
    ids = ",".join(str(number) for number in range(1, 2500))
    assert admin.get("/company/companies", conditions=f"id in ({ids})", pageSize=1)


def test_info_lists_are_open_to_callers_without_setup_rights(admin):
    boards = admin.get("/service/info/boards", pageSize=1000)
    assert {row["id"] for row in boards} == {row["id"] for row in admin.all("/service/boards")}


def test_reports_answer_in_columns_and_rows(admin):
    names = [row["name"] for row in admin.get("/system/reports", pageSize=1000)]
    assert {"Company", "Service"} <= set(names)
    columns = admin.get("/system/reports/Company/columns")
    report = admin.get("/system/reports/Company", pageSize=10)
    assert report["column_definitions"] == columns
    assert all(len(definition) == 1 for definition in columns)
    assert len(report["row_values"]) == 10
    assert all(len(row) == len(columns) for row in report["row_values"])
    assert admin.get("/system/reports/Company/count")["count"] > 10
