"""A template: words or a document sent out. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Where
from engine.model.terms import Condition, Document, Duration, Expression, Html, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One row for each record of the backlink ``of``: ``columns`` are heading -> cell, read in the row's scope; ``total`` is
    heading -> cell of a last row, read in the document's own."""

    of: str
    where_: Condition | None = None
    columns: Mapping[str, Template] = field(default_factory=dict)
    total: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """One bar for each record of the backlink ``of``: as long as ``value``, with ``name`` beside it."""

    of: str
    name: Template
    value: Expression
    where_: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric in a document: ``show`` is number, table, bar or line; split by time (``each``) or by a field (``by``), over the last
    ``within``."""

    of: str
    show: str = "number"
    each: str | None = None
    by: str | None = None
    within: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of a document: exactly one of heading, text, facts, table, bars, metric, image, link, sign and page_break."""

    heading: Template | None = None
    level: int = 1
    text: Template | None = None
    facts: Mapping[str, Template] = field(default_factory=dict)
    table: Table | None = None
    bars: Bars | None = None
    metric: Figure | None = None
    image: Expression | None = None
    width: float = 1.0
    link: Template | None = None
    caption: Template | None = None
    sign: tuple[str, ...] = ()
    page_break: bool = False
    if_: Condition | None = None
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a document looks: ``color`` of its headings (``#1f4e79``), ``paper`` (a4, a5, letter), ``font`` (sans, serif)."""

    color: str = "#1f4e79"
    paper: str = "a4"
    font: str = "sans"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate(Document):
    """``channel``: message, email, document or page. ``blocks`` lay out a document, with ``logo`` (an image field) and
    ``header`` on its first page and ``footer`` on each. ``html`` is a mail as it is seen, with ``cid:logo`` for the logo; its
    words as plain text go along, or ``body`` where there is one. ``attach`` names file fields and document templates."""

    for_: str
    channel: str = "message"
    subject: Template | None = None
    body: Template | None = None
    html: Html | None = None
    blocks: tuple[Block, ...] = ()
    logo: Expression | None = None
    header: Template | None = None
    footer: Template | None = None
    file: Template | None = None
    style: Style = Style()
    attach: tuple[str, ...] = ()
    track: bool = False
