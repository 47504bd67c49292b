"""What a suite of your own may look like: the calls are plain requests, your code goes in their place."""

import requests


def ask(psa, method, path, who="admin", **more):
    headers = {"clientId": psa.facts["connectwise"]["client_id"]}
    return requests.request(method, psa.api + path, auth=psa.key(who), headers=headers, timeout=60, **more)


def count(psa):
    return ask(psa, "GET", "/service/tickets/count").json()["count"]


def test_a_ticket_is_created(psa):
    company = ask(psa, "GET", "/company/companies", params={"pageSize": 1}).json()[0]
    body = {"summary": "The printer is on fire", "company": {"id": company["id"]}}
    made = ask(psa, "POST", "/service/tickets", json=body)
    assert made.status_code == 201
    assert count(psa) == 21


def test_the_next_test_finds_what_the_first_one_found(psa):
    assert count(psa) == 20


def test_a_right_that_is_missing_is_named(psa):
    refused = ask(psa, "GET", "/service/boards", who="least")
    assert refused.status_code == 403
    assert refused.headers["x-bitting-denial"].startswith("needs System / Table Setup: Inquire")


def test_changes_to_roles_are_gone_too(psa):
    roles = ask(psa, "GET", "/system/securityroles/count").json()["count"]
    assert ask(psa, "POST", "/system/securityroles", json={"name": "Mine"}).status_code == 201
    psa.reset()
    assert ask(psa, "GET", "/system/securityroles/count").json()["count"] == roles
