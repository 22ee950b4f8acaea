"""Signed-in pages of a company, and the same company through its API."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from tests.company import Company

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


class Desk:
    """Pages and API of one company. ``erp`` is the port where the accounts would answer, ``ftp`` where a partner's files
    would stand, ``secret`` the partner's.

    ``thrown`` are the errors its pages threw, ``told`` what went to their consoles."""

    def __init__(
        self, company: Company, url: str, browser: Any, timezone: str, *, erp: int = 0, ftp: int = 0, secret: str = ""
    ) -> None:
        self.company = company
        self.erp = erp
        self.ftp = ftp
        self.secret = secret
        self.url = url
        self.thrown: list[str] = []
        self.told: list[str] = []
        self._browser = browser
        self._timezone = timezone
        self._contexts: list[Any] = []

    def stranger(self, *, phone: bool = False) -> Any:
        """A page nobody has signed in, in a browser of its own."""
        size = PHONE if phone else WIDE
        context = self._browser.new_context(
            viewport=size,
            base_url=self.url,
            locale="zh-CN",
            timezone_id=self._timezone,
            has_touch=phone,
            is_mobile=phone,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.thrown.append(str(error)))
        page.on("console", lambda said: said.type == "error" and self.told.append(f"{page.url}: {said.text}"))
        return page

    def page(self, login: str, path: str = "/", *, phone: bool = False, language: str = "zh") -> Any:
        """A page of a person who has come in by a one-time link, at ``path``."""
        self.call("PATCH", login, "/session", {"language": language})
        page = self.stranger(phone=phone)
        session = self.company.engine.people.enter(self.company.engine.people.invite(login) or "", "browser tests")
        page.context.add_cookies([{"name": "flowloom_session", "value": session, "url": self.url, "httpOnly": True}])
        page.goto(path)
        page.locator("main.page").wait_for()
        return page

    def call(self, method: str, login: str, path: str, body: Any = None, version: int | None = None) -> Any:
        """What the API answers to a person, as JSON. Raises HTTPError when it refuses."""
        headers = {**self.company.token(login), "Content-Type": "application/json"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", sent, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None

    def lead(self, login: str, id: int) -> Any:
        """A lead as a person sees it through the API."""
        return self.call("GET", login, f"/records/lead/{id}")

    def close(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()
