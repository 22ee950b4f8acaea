"""Records over HTTP: created, read, changed, listed, refused."""

from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient

from tests.company import Company


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Everything here holds on both databases."""
    return company_anywhere


LEAD = {"company": "锐视光学", "phone": "13800138000", "source": "website"}


def test_a_new_lead_is_answered_with_its_owner_and_why(company: Company, client: FlaskClient) -> None:
    answer = client.post("/api/v1/records/lead", json={"values": LEAD}, headers=company.token("zhao"))
    assert answer.status_code == 201
    record, why = answer.json["record"], answer.json["owner_why"]
    assert record["values"]["phone"] == "+8613800138000"
    assert record["shown"]["phone"] == "138 0013 8000"
    assert record["values"]["stage"] == "new"
    assert record["values"]["owner"] in company.ids.values()
    assert why["chosen"] == record["values"]["owner"]
    assert [one["name"] for one in record["promises"]]
    assert answer.headers["ETag"] == f'"{record["version"]}"'


def test_fault_043_unknown_and_forbidden_keys_are_all_named_and_nothing_is_saved(
    company: Company, client: FlaskClient
) -> None:
    values = {**LEAD, "is_admin": True, "id": 7, "stage": "won"}
    answer = client.post("/api/v1/records/lead", json={"values": values}, headers=company.token("zhao"))
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert {problem.get("field") for problem in answer.json["problems"]} >= {"is_admin", "id", "stage"}
    assert client.get("/api/v1/records/lead?count=1", headers=company.token("zhao")).json["count"] == 0


def test_fault_045_a_phone_is_kept_in_one_form_whatever_was_typed(company: Company, client: FlaskClient) -> None:
    headers = company.token("zhao")
    for number, typed in enumerate(("+86 138-0013-8000", "１３８００１３８０００", "138 0013 8000")):
        values = {**LEAD, "company": f"客户{number}", "phone": typed}
        answer = client.post("/api/v1/records/lead", json={"values": values}, headers=headers)
        assert answer.json["record"]["values"]["phone"] == "+8613800138000", answer.json
    refused = client.post("/api/v1/records/lead", json={"values": {**LEAD, "phone": "1380013800"}}, headers=headers)
    assert refused.status_code == 422
    assert refused.json["problems"][0]["field"] == "phone"


def test_fault_063_the_same_key_fifty_times_in_parallel_makes_one_lead(company: Company, client: FlaskClient) -> None:
    headers = {**company.token("zhao"), "Idempotency-Key": "k-1"}
    answers = []

    def send() -> None:
        with client.application.test_client() as own:
            answers.append(own.post("/api/v1/records/lead", json={"values": LEAD}, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["record"]["id"] for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers) == 49


def test_fault_064_a_key_used_for_another_body_is_refused(company: Company, client: FlaskClient) -> None:
    headers = {**company.token("zhao"), "Idempotency-Key": "k-2"}
    assert client.post("/api/v1/records/lead", json={"values": LEAD}, headers=headers).status_code == 201
    other = client.post("/api/v1/records/lead", json={"values": {**LEAD, "company": "别家"}}, headers=headers)
    assert other.status_code == 422
    assert other.json["code"] == "H020"


def test_a_transition_that_is_sent_again_with_its_key_is_carried_out_once_and_answered_again(
    company: Company, client: FlaskClient
) -> None:
    lead = company.lead(owner=company.ids["li"])
    url = f"/api/v1/records/lead/{lead.id}/transitions/give_up"
    headers = {**company.token("zhao"), "Idempotency-Key": "k-3"}
    first = client.post(url, json={"values": {"lost_reason": "price"}}, headers=headers)
    again = client.post(url, json={"values": {"lost_reason": "price"}}, headers=headers)
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (200, 200, "true")
    assert again.json["record"]["values"]["stage"] == "lost"
    assert again.json["record"]["version"] == first.json["record"]["version"]
    other = client.post(url, json={"values": {"lost_reason": "price"}}, headers=company.token("zhao"))
    assert (other.status_code, other.json["code"]) == (422, "R077")


def test_a_change_with_an_old_version_is_refused_only_where_somebody_changed_the_same_field(
    company: Company, client: FlaskClient
) -> None:
    lead = company.lead(owner=company.ids["li"])
    url = f"/api/v1/records/lead/{lead.id}"
    old = client.get(url, headers=company.token("zhao")).headers["ETag"]
    first = client.patch(url, json={"values": {"contact": "周"}}, headers={**company.token("li"), "If-Match": old})
    assert first.status_code == 200, first.json
    merged = client.patch(
        url, json={"values": {"department": "眼科"}}, headers={**company.token("zhao"), "If-Match": old}
    )
    assert merged.status_code == 200, merged.json
    stale = client.patch(url, json={"values": {"contact": "吴"}}, headers={**company.token("zhao"), "If-Match": old})
    assert stale.status_code == 412
    assert "李强" in stale.json["title"]
    assert client.get(url, headers=company.token("zhao")).json["values"]["contact"] == "周"


def test_fault_110_a_record_of_another_team_is_not_found_rather_than_forbidden(
    company: Company, client: FlaskClient
) -> None:
    from engine.facts import SYSTEM

    other = company.engine.create(SYSTEM, "team", {"name": "华北组"}).record.id
    values = {"login": "far", "name": "远", "roles": ["sales"], "team": other}
    far = company.engine.create(SYSTEM, "user", values).record.id
    lead = company.lead(owner=far)
    headers = company.token("li")
    for path in ("", "/transitions", "/timeline", "/why"):
        answer = client.get(f"/api/v1/records/lead/{lead.id}{path}", headers=headers)
        assert answer.status_code == 404, path
    assert (
        client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contact": "x"}}, headers=headers).status_code
        == 404
    )
    assert client.get("/api/v1/records/lead?count=1", headers=headers).json["count"] == 0


def test_a_list_is_filtered_sorted_and_paged_by_a_cursor(company: Company, client: FlaskClient) -> None:
    for number in range(5):
        company.lead(company=f"客户{number}", phone=f"1380013800{number}", budget=str(number * 1000))
    headers = company.token("zhao")
    first = client.get("/api/v1/records/lead?sort=-budget&limit=2&filter[source]=website&count=1", headers=headers).json
    assert [one["values"]["company"] for one in first["items"]] == ["客户4", "客户3"]
    assert first["count"] == 5
    second = client.get(
        f"/api/v1/records/lead?sort=-budget&limit=2&filter[source]=website&cursor={first['next']}", headers=headers
    )
    assert [one["values"]["company"] for one in second.json["items"]] == ["客户2", "客户1"]
    some = client.get("/api/v1/records/lead?where=budget > 2500&sort=company", headers=headers).json
    assert [one["values"]["company"] for one in some["items"]] == ["客户3", "客户4"]


def test_a_wrong_condition_names_the_nearest_field(company: Company, client: FlaskClient) -> None:
    answer = client.get("/api/v1/records/lead?where=soruce == 'x'", headers=company.token("zhao"))
    assert answer.status_code in (400, 422)
    assert "source" in answer.json["problems"][0]["fix"]


def test_fault_070_a_body_that_is_not_strict_json_is_refused(company: Company, client: FlaskClient) -> None:
    headers = {**company.token("zhao"), "Content-Type": "application/json"}
    for body in (b'{"values": {"budget": NaN}}', b'{"values": ', b"[1, 2]", b'{"values": "x"}'):
        answer = client.post("/api/v1/records/lead", data=body, headers=headers)
        assert answer.status_code == 400, body
    form = client.post("/api/v1/records/lead", data={"company": "x"}, headers=company.token("zhao"))
    assert form.json["code"] == "H015"


def test_fault_068_a_body_above_one_megabyte_is_refused(company: Company, client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/records/lead", json={"values": {**LEAD, "company": "长" * 1_100_000}}, headers=company.token("zhao")
    )
    assert answer.status_code == 413
    assert answer.json["code"] == "H013"


def test_a_deleted_record_is_gone_and_comes_back_whole(company: Company, client: FlaskClient) -> None:
    lead = company.lead(contact="周")
    headers = company.token("admin")
    assert client.delete(f"/api/v1/records/lead/{lead.id}", headers=headers).status_code == 204
    assert client.get(f"/api/v1/records/lead/{lead.id}", headers=headers).status_code == 404
    restored = client.post(f"/api/v1/records/lead/{lead.id}/restore", json={}, headers=headers)
    assert restored.json["record"]["values"]["contact"] == "周"


def test_an_export_opens_in_excel_and_runs_no_formula(company: Company, client: FlaskClient) -> None:
    company.lead(company="=cmd|' /C calc'!A0", contact="周")
    answer = client.get("/api/v1/export/lead.csv?view=all_leads", headers=company.token("zhao"))
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "'=cmd|" in answer.data.decode("utf-8-sig")
    refused = client.get("/api/v1/export/lead.csv", headers=company.token("li"))
    assert refused.status_code == 403


def test_personal_fields_leave_the_house_masked_unless_a_role_allows_them_whole(
    company: Company, client: FlaskClient
) -> None:
    company.lead(contact="周晓明")
    some = client.get("/api/v1/export/lead.csv?view=all_leads", headers=company.token("zhao")).data.decode("utf-8-sig")
    assert "138****8000" in some
    assert "138 0013 8000" not in some
    whole = client.get("/api/v1/export/lead.csv?view=all_leads", headers=company.token("admin")).data.decode(
        "utf-8-sig"
    )
    assert "138 0013 8000" in whole
