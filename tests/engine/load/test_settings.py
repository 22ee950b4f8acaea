"""The settings of a connection, checked where they are written."""

from __future__ import annotations

from engine.load.pipeline import load
from engine.plugins.registry import Registry

TEXT = """\
kind: connection
name: website
label: {zh: 官网, en: Website}
connector: webhook
settings: {secre: "=secret.A", verify: hmack, header: X-Signature}
"""


def test_a_misspelt_a_missing_and_an_impossible_setting_are_told_at_their_places() -> None:
    files = {"site.yaml": "name: one\npacks: {}\n", "custom/connection/website.yaml": TEXT}
    found = {problem.code: problem for problem in load(files, Registry.discover(entry_points=False)).errors}
    assert set(found) == {"D003", "D004", "D006"}
    assert (found["D003"].where.line, found["D003"].suggestion) == (5, "secret")
    assert found["D004"].parameters["key"] == "secret"
    assert (found["D006"].suggestion, found["D006"].where.column) == ("hmac", 40)
    assert "secret.A" not in "".join(problem.what("zh") for problem in found.values())


def test_an_unknown_connector_is_the_only_problem_of_its_connection() -> None:
    files = {
        "site.yaml": "name: one\npacks: {}\n",
        "custom/connection/website.yaml": TEXT.replace("webhook", "carrier"),
    }
    assert {problem.code for problem in load(files, Registry.discover(entry_points=False)).errors} == {"D011"}
