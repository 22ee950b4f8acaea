"""The API's own description is valid, complete and cut to its reader."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from studio.describe.routes import DETAILS
from tests.company import Company


def test_the_description_is_valid_openapi_with_a_schema_for_every_entity(company: Company, client: FlaskClient) -> None:
    described = client.get("/openapi.json", headers=company.token("admin")).json
    OpenAPIV31SpecValidator(described).validate()
    schemas = described["components"]["schemas"]
    for name in company.engine.manifest.entities:
        assert "".join(part.capitalize() for part in name.split("_")) in schemas
    assert "/api/v1/records/lead/{id}/transitions/complete_first_call" in described["paths"]


def test_what_an_answer_looks_like_is_what_the_description_says(company: Company, client: FlaskClient) -> None:
    import jsonschema

    lead = company.lead(contact="周", budget="12.5 万元")
    headers = company.token("zhao")
    described = client.get("/openapi.json", headers=headers).json
    record = client.get(f"/api/v1/records/lead/{lead.id}", headers=headers).json
    schema = {**described["components"]["schemas"]["Lead"], "components": described["components"]}
    jsonschema.validate(record, schema)


def test_without_a_session_only_public_addresses_are_described(client: FlaskClient) -> None:
    described = client.get("/openapi.json").json
    assert {path for path in described["paths"] if path.startswith("/api/")} == {"/api/v1/session"}
    assert set(described["paths"]["/api/v1/session"]) == {"get", "post"}


def test_every_route_is_described_and_everything_described_is_a_route(company: Company, client: FlaskClient) -> None:
    described = client.get("/openapi.json", headers=company.token("admin")).json["paths"]
    adapter = client.application.url_map.bind("localhost")
    met = set()
    for path, whole in described.items():
        concrete = re.sub(r"\{\w+\}", lambda found: "1", path)
        for method in set(whole) - {"parameters"}:
            met.add((adapter.match(concrete, method.upper())[0], method.upper()))
            assert whole[method]["summary"], (path, method)
    routes = {
        (rule.endpoint, method)
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert sorted(routes - met) == []
    outside = {endpoint for endpoint, _ in met - routes}
    assert outside == {"health.alive", "health.ready"}


def test_what_the_description_adds_belongs_to_an_address_that_is_there(client: FlaskClient) -> None:
    assert set(DETAILS) <= set(client.application.view_functions)


def test_a_file_is_described_as_it_is_sent_and_answered(company: Company, client: FlaskClient) -> None:
    described = client.get("/openapi.json", headers=company.token("li")).json
    sending = described["paths"]["/api/v1/files"]["post"]
    assert {one["name"] for one in sending["parameters"]} == {"entity", "field"}
    assert list(sending["requestBody"]["content"]) == ["multipart/form-data"]
    answer = sending["responses"]["201"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/File"}
