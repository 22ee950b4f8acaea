from __future__ import annotations

from engine.plugins.checks.secret_in_clear import masked
from tests.engine.load.conftest import TICKET, Loader, codes

SECRET = "hunter2-and-more"


def test_fault_024_a_secret_in_a_step_is_told_and_never_shown(loaded: Loader) -> None:
    text = f"---\nkind: trigger\nname: t\nwhen: {{event: created, entity: user}}\ndo:\n  - create:\n      entity: ticket\n      set: {{subject: 'postgresql://me:{SECRET}@db/crm'}}\n"
    found = loaded(TICKET + text)
    assert codes(found) == ["L011"]
    assert found.manifest is None
    assert SECRET not in "".join(problem.text("zh") + problem.text("en") for problem in found.problems)


def test_a_password_in_the_address_of_the_database_is_told(loaded: Loader) -> None:
    found = loaded(site=f"name: test\ndatabase: postgresql://me:{SECRET}@db/crm\n")
    assert codes(found) == ["L011"]
    assert SECRET not in found.problems[0].text("zh")
    assert codes(loaded(site="name: test\ndatabase: sqlite:///flowloom.db\n")) == []


def test_a_reference_to_a_secret_is_right() -> None:
    from engine.expression.parse import parse
    from engine.plugins.checks.secret_in_clear import found

    assert list(found("settings", {"password": parse("secret.MAIL"), "host": "mail.example.com"})) == []
    assert list(found("settings", {"password": "abc", "nested": {"api_key": "x"}})) == [
        "settings.password",
        "settings.nested.api_key",
    ]


def test_a_line_beside_a_message_shows_stars_instead_of_the_secret(loaded: Loader) -> None:
    found = loaded(
        f"kind: conection\nname: c\npasswrd: 1\n---\nkind: connection\nname: d\nsettings: {{password: {SECRET}, zzz: {{}}}}\n"
    )
    assert SECRET not in "".join(problem.text("zh") for problem in found.problems)


def test_masking_keeps_the_length_of_the_line() -> None:
    line = "settings: {host: db, api_key: 'abc-123', url: https://me:pw@host/x, user: me}"
    stars = masked(line)
    assert stars == "settings: {host: db, api_key: '*******', url: https://me:**@host/x, user: me}"
    assert masked('password: "=secret.MAIL"') == 'password: "=secret.MAIL"'
    assert masked("token: {from: x}") == "token: {from: x}"
