"""The rival of bench.intake: what a careful developer writes by hand in an afternoon, Flask and SQLite and nothing else.

It checks the values, sets the priority, picks the owner with the fewest leads, inserts and commits with
``synchronous=FULL``. It has no rights, history, audit, timers, duplicates, score card or rules that can be changed.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request

SOURCES = {"website", "douyin", "expo", "wecom", "phone", "jd", "referral", "other"}
PHONE = re.compile(r"^1[3-9]\d{9}$")
TABLES = """
CREATE TABLE IF NOT EXISTS rep (id INTEGER PRIMARY KEY, name TEXT, open INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS lead (
  id INTEGER PRIMARY KEY AUTOINCREMENT, company TEXT NOT NULL, contact TEXT, phone TEXT, source TEXT, campaign TEXT,
  budget INTEGER, priority TEXT, owner INTEGER REFERENCES rep(id), created_at TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX IF NOT EXISTS lead_phone ON lead (phone);
CREATE INDEX IF NOT EXISTS lead_owner ON lead (owner);
"""


def create_app(path: Path, reps: int = 8) -> Flask:
    """The application over a database file, which is made when it is not there."""
    app = Flask(__name__)
    here, lock = threading.local(), threading.Lock()
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.executescript(TABLES)
        made.executemany("INSERT INTO rep (name) VALUES (?)", [(f"rep {n}",) for n in range(reps)])

    def connection() -> sqlite3.Connection:
        if not hasattr(here, "connection"):
            here.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            here.connection.execute("PRAGMA synchronous=FULL")
        found: sqlite3.Connection = here.connection
        return found

    @app.post("/api/v1/records/lead")
    def create() -> tuple[Response, int]:
        values: dict[str, Any] = (request.get_json() or {}).get("values", {})
        problems = _problems(values)
        if problems:
            return jsonify(problems=problems), 422
        budget = values.get("budget") or 0
        priority = "A" if budget >= 500_000 or values.get("source") == "referral" else "B" if budget else "C"
        cells = [values.get(name) for name in ("company", "contact", "phone", "source", "campaign", "budget")]
        found = connection()
        # One writer at a time: without the lock, threads spin on SQLite's own and the rate falls to a third.
        with lock:
            found.execute("BEGIN IMMEDIATE")
            owner = found.execute("SELECT id FROM rep ORDER BY open, id LIMIT 1").fetchone()[0]
            found.execute("UPDATE rep SET open = open + 1 WHERE id = ?", (owner,))
            text = "INSERT INTO lead (company, contact, phone, source, campaign, budget, priority, owner) VALUES (?,?,?,?,?,?,?,?)"
            record = found.execute(text, (*cells, priority, owner)).lastrowid
            found.execute("COMMIT")
        return jsonify(record={"id": record, "values": {**values, "priority": priority, "owner": owner}}), 201

    return app


def _problems(values: dict[str, Any]) -> list[dict[str, str]]:
    problems = []
    if not values.get("company") or len(str(values["company"])) > 120:
        problems.append({"field": "company", "message": "required, 120 characters at most"})
    if values.get("phone") and not PHONE.match(str(values["phone"])):
        problems.append({"field": "phone", "message": "not a mobile number"})
    if values.get("source", "other") not in SOURCES:
        problems.append({"field": "source", "message": "unknown"})
    if not isinstance(values.get("budget") or 0, int | float):
        problems.append({"field": "budget", "message": "not a number"})
    return problems
