"""The API's own description is valid, complete and cut to its reader."""

from __future__ import annotations

from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

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
    assert not [path for path in described["paths"] if "/records/" in path]
