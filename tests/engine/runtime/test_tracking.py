"""Signed links: one key for the site, and no token but our own."""

from __future__ import annotations

import pytest

from engine.runtime import tracking
from engine.store import settings
from tests.engine.runtime.stage import Stage

SITE = "kind: entity\nname: lead\nlabel: {zh: 线索}\nfields: {name: {type: text}}\n"


def test_the_key_is_made_once_and_what_came_first_stays() -> None:
    stage = Stage(SITE)
    assert stage.ask(lambda context: tracking.key_of(context.connection)) == b""
    first = stage.do(lambda context: tracking.key_of(context.connection, make=True)).value
    stage.do(lambda context: settings.put_first(context.connection, tracking.SETTING, "00" * 32))
    again = stage.do(lambda context: tracking.key_of(context.connection, make=True)).value
    assert len(first) == 32 and again == first


def test_a_token_is_known_by_its_signature_and_by_nothing_else() -> None:
    token = tracking.sign(b"k" * 32, b"n" * 16)
    assert len(token) == 38 and tracking.genuine(b"k" * 32, token)
    assert not tracking.genuine(b"o" * 32, token) and not tracking.genuine(b"", token)
    for at in range(38):
        other = "A" if token[at] != "A" else "B"
        assert not tracking.genuine(b"k" * 32, token[:at] + other + token[at + 1 :]), at
    for wrong in ("", token + "A", token[:-1], "é" * 38, "=" * 38, token[:-1] + "\n"):
        assert not tracking.genuine(b"k" * 32, wrong)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("见 https://a.cn/x,谢谢", ["https://a.cn/x"]), ("(https://a.cn/x?a=1&b=2)。", ["https://a.cn/x?a=1&b=2"]),
        ("https://a.cn/x。https://b.cn", ["https://a.cn/x", "https://b.cn"]), ("链接：https://a.cn/路径", ["https://a.cn/"]),
        ("ftp://a.cn javascript:x", []), ("https://", []), ('<a href="https://a.cn/x">', ["https://a.cn/x"]),
    ],
)  # fmt: skip
def test_addresses_end_where_words_begin(text: str, links: list[str]) -> None:
    assert tracking.LINK.findall(text) == links
