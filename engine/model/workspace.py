"""A workspace: a role's home page. Floor: 3."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.terms import Document, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of the page: exactly one of a view, a dashboard, a form (as a button) or an action."""

    view: str | None = None
    dashboard: str | None = None
    form: str | None = None
    action: str | None = None
    label: Label = Label()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace(Document):
    """``for_`` names the roles it is home for; ``menu`` the views and dashboards in the navigation."""

    for_: tuple[str, ...] = ()
    home: tuple[Block, ...] = ()
    menu: tuple[Block, ...] = ()
