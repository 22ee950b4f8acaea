"""News of companies from a real HTTP server on this machine; hostile XML gets nowhere."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.rss import Rss, items, words
from engine.plugins.slots import Delivery, Undone, Unreadable

ATTACKS = Path(__file__).parents[2].parent / "shared" / "data" / "attacks"
RSS = """\
<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>医疗资讯</title>
<item><guid>2</guid><title>青禾口腔完成 B 轮融资</title><link>https://news.example.com/2</link>
  <pubDate>Mon, 05 Jan 2026 10:00:00 +0800</pubDate><description>&lt;p&gt;由&lt;b&gt;某基金&lt;/b&gt;领投&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</description></item>
<item><guid>1</guid><title>锐视光学获得发明专利授权</title><link>javascript:alert(1)</link>
  <pubDate>Mon, 05 Jan 2026 09:00:00 +0800</pubDate><description>显微成像</description></item>
<item><guid>0</guid><title>天气</title><link>https://news.example.com/0</link><description>晴</description></item>
</channel></rss>
"""
ATOM = """\
<?xml version="1.0" encoding="GB2312"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>动态</title>
<entry><id>urn:1</id><title>明德医院任命新院长</title><link href="https://news.example.com/a"/><updated>2026-01-05T01:00:00Z</updated>
<author><name>记者</name></author><content type="html">即日&amp;nbsp;履新</content></entry></feed>
"""


class News(http.server.ThreadingHTTPServer):
    """Answers with ``status``, ``kind`` and ``body``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.kind, self.body = 200, "application/rss+xml; charset=utf-8", RSS.encode()
        self.asked = 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "url": f"http://127.0.0.1:{self.server_address[1]}/feed",
            "networks": ["127.0.0.1/32"],
            "timeout": 5,
            **more,
        }


class Answer(http.server.BaseHTTPRequestHandler):
    server: News

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        """Nothing: tests are quiet."""


@pytest.fixture
def news() -> Iterator[News]:
    made = News()
    yield made
    made.shutdown()
    made.server_close()


def poll(settings: dict[str, Any], cursor: Any = None) -> tuple[list[Delivery], Any]:
    found: list[Delivery] = []
    for page in Rss().poll(settings, cursor):
        found += page.deliveries
        cursor = page.cursor
    return found, cursor


def test_items_come_oldest_first_in_plain_words_with_what_they_are_about(news: News) -> None:
    found, cursor = poll(news.settings())
    assert [(one.content["title"], one.content["topic"]) for one in found] == [
        ("天气", "other"), ("锐视光学获得发明专利授权", "patent"), ("青禾口腔完成 B 轮融资", "funding"),
    ]  # fmt: skip
    assert found[2].content["text"] == "由 某基金 领投" and found[2].content["published"] == "2026-01-05T02:00:00+00:00"
    # No link that would run something.
    assert found[1].content["link"] == "" and found[2].content["link"] == "https://news.example.com/2"
    assert Rss().read(found[0].body, found[0].kind) == found[0].content
    assert poll(news.settings(), cursor) == ([], cursor)
    news.body = RSS.replace("天气", "大风").encode()
    assert [one.key for one in poll(news.settings(), cursor)[0]] == [one.key for one in found]
    assert Rss().probe(news.settings()).startswith("3 × http://127.0.0.1:")


def test_only_what_names_a_watched_company_is_taken(news: News) -> None:
    found, _ = poll(news.settings(watch=["锐视光学", "没有这家"]))
    assert [one.content["company"] for one in found] == ["锐视光学"]


def test_atom_and_gb2312() -> None:
    (one,) = items(ATOM.encode("gb2312"), "application/atom+xml")
    assert (one["title"], one["topic"], one["author"], one["text"]) == (
        "明德医院任命新院长",
        "people",
        "记者",
        "即日 履新",
    )


def test_a_trial_takes_a_whole_feed_or_one_item() -> None:
    assert [one.content["title"] for one in Rss().sample({"watch": ["青禾"]}, RSS.encode(), "text/xml", "a.rss")] == [
        "青禾口腔完成 B 轮融资"
    ]
    assert Rss().sample({}, b'{"title": "x"}', "application/json", "a.json")[0].content == {"title": "x"}


def test_xml_with_entities_and_document_types_is_refused_and_nothing_is_read_for_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOP-SECRET")
    bomb = (
        "<!DOCTYPE x ["
        + '<!ENTITY a0 "ha">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
        + "]>"
    )
    tries = [
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>' + RSS.partition("\n")[2].replace("天气", "&x;"),
        bomb + RSS.partition("\n")[2].replace("天气", "&a9;"),
        '<!DOCTYPE rss SYSTEM "http://169.254.169.254/x.dtd">' + RSS.partition("\n")[2],
    ]
    if (ATTACKS / "xml-xxe.json").is_file():
        corpus = [one["payload"] for one in json.loads((ATTACKS / "xml-xxe.json").read_text("utf-8"))]
        assert len(corpus) >= 50
        tries += corpus
    through = 0
    for text in tries:
        try:
            found = items(text.encode("utf-8", "surrogateescape"), "text/xml")
        except Unreadable as error:
            assert error.problems[0].code == "I047"
            continue
        through += 1
        assert not found
    assert through == 0
    with pytest.raises(Unreadable) as refused:
        items(b"<html><body>not a feed</body></html>")
    assert (
        refused.value.problems[0].line("zh")
        == "I047 这不是能读的资讯源: no feed -> 地址要指向 RSS 或 Atom,内容里不能有 DOCTYPE 和实体"
    )


def test_markup_is_taken_for_words() -> None:
    assert words("<p>甲&amp;乙<style>x{}</style><img src=x onerror=alert(1)> 丙</p>") == "甲&乙 丙"


def test_a_server_that_fails_or_sends_something_else_is_tried_again_and_nothing_is_lost(news: News) -> None:
    cases: list[tuple[int, bytes, str, bool]] = [
        (500, b"", "R113", False), (429, b"", "R113", False), (404, b"", "R113", True), (302, b"", "R113", False),
        (200, b"<html/>", "I047", False), (200, b"", "I047", False), (200, b"x" * 2_000_000, "R112", True),
    ]  # fmt: skip
    for status, body, code, final in cases:
        news.status, news.body = status, body
        with pytest.raises(Undone) as refused:
            poll(news.settings())
        assert (refused.value.problems[0].code, refused.value.final) == (code, final), status


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x", "/etc/passwd", "http://", "feed:https://x"])
def test_fault_078_only_the_web_is_read(url: str) -> None:
    with pytest.raises(Undone) as refused:
        poll({"url": url})
    assert refused.value.final and refused.value.problems[0].code == "R118"


def test_fault_078_addresses_that_may_not_be_reached_are_not(news: News) -> None:
    with pytest.raises(Undone) as refused:
        poll(news.settings(networks=[]))
    assert refused.value.problems[0].code == "R111" and news.asked == 0
