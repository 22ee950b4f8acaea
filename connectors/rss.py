"""News of companies, from feeds. Floor: 5."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import orjson

from connectors.http import exchange
from connectors.letter import decoded
from engine.errors import Problem
from engine.plugins.slots import Connector, Delivery, Page, Undone, Unreadable, content_of

#: Items of one look, letters of an item's text.
ITEMS, LONGEST = 500, 20_000
#: Items of a page.
LOT = 20
#: What happens in a company, and the words that tell of it.
TOPICS: Mapping[str, str] = {
    "hiring": r"招聘|招募|诚聘|校招|扩招|hiring|recruit|job opening",
    "patent": r"专利|发明授权|软件著作权|patent",
    "people": r"任命|履新|接任|辞任|离任|聘任|新任|董事长|总经理变更|appoint|resign|steps down|new ceo",
    "funding": r"融资|领投|跟投|[A-F]\+?\s?轮|IPO|上市|增资|收购|并购|funding|series [a-f]\b|raises|acquire",
    "bidding": r"招标|中标|采购公告|成交公告|tender|bid award",
}


class Rss(Connector):
    """Reads a feed (RSS or Atom) of news. An item comes once, whoever repeats it; its text is plain words without markup. `map` can use
    `title`, `text`, `link`, `author`, `published`, `topic` (hiring, patent, people, funding, bidding or other) and, with `watch`, the
    `company` the item speaks of: items that speak of none are left out. Entities and document types in the XML are refused.
    Needs `pip install flowloom[feeds]`."""

    name = "rss"
    title: ClassVar[Mapping[str, str]] = {"zh": "资讯 RSS", "en": "News feed"}
    offers = frozenset({"poll"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "url": {"title": "地址", "x-en": {"title": "Address"}, "type": "string", "format": "value"},
            "headers": {
                "title": "请求头", "x-en": {"title": "Headers"}, "type": "object", "additionalProperties": {"format": "value"},
            },
            "watch": {
                "title": "关注的公司", "description": "只收提到这些名字的;不写就都收。",
                "x-en": {"title": "Companies to watch", "description": "Only items that name one of these; all without."},
                "type": "array", "items": {"type": "string"},
            },
            "networks": {"title": "允许的内网", "x-en": {"title": "Networks"}, "type": "array", "items": {"type": "string"}},
            "fingerprint": {"title": "证书指纹", "x-en": {"title": "Certificate's SHA-256"}, "type": "string"},
            "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "type": "string", "format": "duration"},
        },
        "required": ["url"],
        "additionalProperties": False,
    }  # fmt: skip
    example = """\
kind: connection
name: industry_news
connector: rss
settings: {url: "https://news.example.com/medical.rss", watch: [锐视光学, 青禾口腔]}
schedule: "0 */2 * * *"
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """The items of the feed that are new, oldest first; ``cursor`` is ``{etag, modified}``."""
        url = str(settings["url"])
        asked = {"Accept": "application/rss+xml, application/atom+xml, application/xml", "User-Agent": "flowloom"}
        asked |= {str(name): str(value) for name, value in (settings.get("headers") or {}).items()}
        status, kind, body, after, _ = exchange(settings, "GET", url, asked, None)
        if status != 200:
            shown = {"status": status, "answer": body[:200].decode("utf-8", "replace")}
            raise Undone(Problem("R113", parameters=shown), final=400 <= status < 500 and status != 429, after=after)
        digest = hashlib.sha256(body).hexdigest()
        if isinstance(cursor, Mapping) and cursor.get("digest") == digest:
            return
        try:
            found = list(self._deliveries(settings, body, kind))
        except Unreadable as error:
            raise Undone(error.problems[0]) from error
        for begin in range(0, len(found), LOT):
            yield Page(found[begin : begin + LOT], cursor)
        yield Page((), {"digest": digest})

    def _deliveries(self, settings: Mapping[str, Any], body: bytes, kind: str) -> Iterator[Delivery]:
        for content in reversed(items(body, kind)):
            names = [str(each) for each in settings.get("watch") or ()]
            company = next((name for name in names if name in f"{content['title']}\n{content['text']}"), None)
            if names and company is None:
                continue
            content = {**content, "company": company}
            own = content.pop("id") or content["link"] or f"{content['title']}{content['published']}"
            at = dt.datetime.fromisoformat(content["published"]) if content["published"] else None
            yield Delivery(hashlib.sha256(own.encode()).hexdigest()[:40], content, orjson.dumps(content), at=at)

    def read(self, body: bytes, kind: str) -> Any:
        """An item as it was kept."""
        return content_of(body, kind)

    def sample(self, settings: Mapping[str, Any], body: bytes, kind: str, name: str) -> Sequence[Delivery]:
        """The items of a feed in a file; a single item as JSON."""
        if body.lstrip()[:1] == b"{":
            return [Delivery("", self.read(body, "application/json"), body)]
        return list(self._deliveries(settings, body, kind))

    def probe(self, settings: Mapping[str, Any]) -> str:
        """How many items the feed has now."""
        return f"{sum(len(page.deliveries) for page in self.poll(settings, None))} × {settings['url']}"


def items(body: bytes, kind: str = "") -> list[dict[str, Any]]:
    """The items of a feed as it lists them: ``id``, ``title``, ``text``, ``link``, ``author``, ``published`` (ISO, UTC), ``topic``.

    Raises Unreadable (I047) for what is no feed, and for XML with a document type or entities of its own.
    """
    import feedparser
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    plain = _unicode(body)
    declared_apart, body = plain is not body, plain
    try:
        fromstring(body, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise Unreadable(Problem("I047", parameters={"why": f"{type(error).__name__}: {error}"[:200]})) from None
    # A text, never an address: feedparser would fetch that itself.
    found = feedparser.parse(
        body,
        response_headers={
            "content-type": "application/xml; charset=utf-8" if declared_apart else kind or "application/xml"
        },
        sanitize_html=True,
    )
    if not found.version:
        raise Unreadable(Problem("I047", parameters={"why": "no feed"}))
    return [_item(each) for each in found.entries[:ITEMS]]


def _unicode(body: bytes) -> bytes:
    """The same in UTF-8: the parser of XML knows no Chinese encodings."""
    declared = re.search(rb"<\?xml[^>]{0,100}encoding=[\"']([\w.:-]{1,40})[\"']", body[:300])
    charset = declared[1].decode().lower() if declared else "utf-8"
    if charset not in ("gb2312", "gbk", "gb18030", "big5"):
        return body
    return re.sub(rb"^[^<]*<\?xml[^>]*\?>", b"", decoded(body, charset).encode(), count=1)


def _item(entry: Any) -> dict[str, Any]:
    title = words(entry.get("title", ""))[:500]
    whole = entry.get("content") or [{"value": entry.get("summary", "")}]
    text = words(str(whole[0].get("value", "")))[:LONGEST]
    link = str(entry.get("link", ""))
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    published = dt.datetime.fromtimestamp(calendar.timegm(moment), dt.UTC).isoformat() if moment else None
    topic = next(
        (name for name, pattern in TOPICS.items() if re.search(pattern, f"{title} {text[:300]}", re.IGNORECASE)),
        "other",
    )
    return {
        "id": str(entry.get("id", "")),
        "title": title,
        "text": text,
        # A link a person may click: of the web, or none.
        "link": link if link.lower().startswith(("http://", "https://")) else "",
        "author": words(str(entry.get("author", "")))[:200],
        "published": published,
        "topic": topic,
    }


def words(marked: str) -> str:
    """The words of a text with markup."""
    plain = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", marked)))
    return re.sub(r"\s+", " ", plain).strip()
