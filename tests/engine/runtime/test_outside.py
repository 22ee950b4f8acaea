"""What a connection is opened with."""

from __future__ import annotations

from engine.load.pipeline import load
from engine.runtime.outside import Outside
from tests.engine.runtime.stage import registry

SITE = """
kind: connection
name: erp
connector: http
settings: {url: "https://erp.example.com", timeout: 1m30s, headers: {Authorization: "=secret.ERP"}}
"""


def test_a_connector_gets_its_durations_in_seconds_and_its_secrets_read() -> None:
    manifest = load({"site.yaml": "kind: site\nname: stage\n", "custom/all.yaml": SITE}, registry()).manifest
    assert manifest is not None
    _, settings = Outside(manifest, registry(), {"ERP": "Bearer 7"}.get).connection("erp")
    assert (settings["timeout"], settings["headers"]) == (90.0, {"Authorization": "Bearer 7"})
