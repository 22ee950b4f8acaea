"""Looks at a database with nothing of the product: plain SQL, and the audit chain's hash written down a second time.

``Reader.check`` gives every broken invariant of the acceptance harness as a sentence; none means that all hold.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.crash.journal import Journal, Lead

LEGAL = {("new", "called", "complete_first_call")}
AUDIT = "chain, seq, at, by_user, login, address, action, entity, record, before, after, detail, hash"


class Reader:
    """A database as rows. ``url`` is a file, or the url of a PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._server = url.startswith("postgresql")
        if self._server:
            import psycopg

            self._open: Any = psycopg.connect(url, autocommit=False)
            self._open.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            import sqlite3

            self._open = sqlite3.connect(url)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a statement without parameters."""
        found: list[tuple[Any, ...]] = self._open.execute(statement).fetchall()
        return found

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""
        return [column[0] for column in self._open.execute(f"SELECT * FROM {table} LIMIT 0").description]

    def check(
        self, leads: Iterable[Lead], settled: bool = False, effects: Mapping[str, Mapping[str, Counter[str]]] = {}
    ) -> list[str]:
        """What is broken; ``settled`` when everything due has had its time, ``effects`` what arrived outside: of the web and of
        the mail, by lead and key."""
        expected = list(leads)
        kept = self._leads()
        broken = [*self._whole(), *self._journal(expected, kept), *self._ways(kept), *self._chain(), *self._told(kept)]
        for name, count in (("web", "posted"), ("mail", "mailed")):
            broken += self._arrived(kept, effects[name], count, settled) if name in effects else []
        return [*broken, *self._promises(kept, settled), *self._schedules()]

    def _leads(self) -> dict[int, dict[str, Any]]:
        names = ("id", "version", "campaign", "phone", "stage", "contact", "warned", "missed", "escalated", "owner")
        rows = self.rows(f"SELECT {', '.join(names)} FROM lead WHERE deleted_at IS NULL")
        return {row[0]: dict(zip(names, row, strict=True)) for row in rows}

    # 6: the file itself
    def _whole(self) -> list[str]:
        if self._server:
            return []
        said = self.rows("PRAGMA integrity_check")
        strangers = self.rows("PRAGMA foreign_key_check")
        broken = [] if said == [("ok",)] else [f"integrity_check: {said[:3]}"]
        return broken + ([f"foreign_key_check: {strangers[:3]}"] if strangers else [])

    # 1 and 7: what was acknowledged is there once, and nothing is but what was sent
    def _journal(self, expected: list[Lead], kept: Mapping[int, Mapping[str, Any]]) -> list[str]:
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for lead in kept.values():
            found[lead["campaign"]].append(lead)
        broken = []
        for lead in expected:
            here = found.pop(lead.key, [])
            if len(here) > 1:
                broken.append(f"{lead.key} is there {len(here)} times")
            now = (here[0]["stage"], here[0]["contact"]) if here else None
            allowed = lead.expected()[:2]
            if now not in allowed:
                broken.append(
                    f"{lead.key} is {now}, must be one of {allowed}; sent {lead.sent}, answered {lead.acknowledged}"
                )
            if here and lead.record not in (None, here[0]["id"]):
                broken.append(f"{lead.key} was told to be {lead.record}, is {here[0]['id']}")
            if here and here[0]["phone"] != lead.phone:
                broken.append(f"{lead.key} has the phone {here[0]['phone']}, not {lead.phone}")
        return broken + [f"nobody sent {key}" for key in found]

    # 4: a legal way through the states, one open stay
    def _ways(self, kept: Mapping[int, Mapping[str, Any]]) -> list[str]:
        stays: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in self.rows(
            "SELECT record, state, came_from, entered_at, left_at, via FROM fl_history "
            "WHERE entity = 'lead' AND machine = 'lead_stage' ORDER BY id"
        ):
            stays[row[0]].append(row[1:])
        broken = []
        for number, lead in kept.items():
            way = stays.get(number, [])
            legal = bool(way) and way[0][:2] == ("new", None) and way[-1][0] == lead["stage"] and way[-1][3] is None
            for before, after in zip(way, way[1:], strict=False):
                legal = legal and (before[0], after[0], after[4]) in LEGAL
                legal = legal and after[1] == before[0] and before[3] == after[2]
            if not legal:
                broken.append(f"lead {number} in {lead['stage']} has the way {way}")
        return broken

    # 5: the chain
    def _chain(self) -> list[str]:
        last: dict[int, tuple[int, str]] = {}
        for row in self.rows(f"SELECT {AUDIT} FROM fl_audit ORDER BY chain, seq"):
            chain, seq, digest = row[0], row[1], row[-1]
            before, text = last.get(chain, (0, ""))
            said = f"{text}|{chain}|{seq}|{tuple(row[2:-1])!r}"
            if seq != before + 1:
                return [f"audit chain {chain}: {before} is followed by {seq}"]
            if hashlib.sha256(said.encode()).hexdigest() != digest:
                return [f"audit chain {chain}: row {seq} does not fit its hash"]
            last[chain] = (seq, digest)
        return [] if last else ["the audit log is empty"]

    # 5: and a row in it for every change
    def _told(self, kept: Mapping[int, Mapping[str, Any]]) -> list[str]:
        versions: dict[int, list[int]] = defaultdict(list)
        moves: Counter[int] = Counter()
        for record, action, detail in self.rows(
            "SELECT record, action, detail FROM fl_audit WHERE entity = 'lead' AND action <> 'refused' ORDER BY chain, seq"
        ):
            version = json.loads(detail).get("version")
            if version is not None:  # a run of it that somebody retried changes nothing of the record
                versions[record].append(version)
            moves[record] += action == "transition"
        broken = []
        for number, lead in kept.items():
            if sorted(versions[number]) != list(range(1, lead["version"] + 1)):
                broken.append(f"lead {number} is at version {lead['version']}, the log tells of {versions[number]}")
            if moves[number] != (lead["stage"] != "new"):
                broken.append(f"lead {number} in {lead['stage']} has {moves[number]} transitions in the log")
        return broken

    # 2: every effect arrives, always with the same key, and what follows it is done once
    def _arrived(
        self, kept: Mapping[int, Mapping[str, Any]], got: Mapping[str, Counter[str]], count: str, settled: bool
    ) -> list[str]:
        done = dict(self.rows(f"SELECT campaign, {count} FROM lead WHERE deleted_at IS NULL AND campaign IS NOT NULL"))
        # A copy of the keys: the sinks go on while this is looked at.
        broken = [f"{key} is {count}, and is no lead" for key in list(got) if key not in done]
        for key, times in done.items():
            keys = got.get(key, {})
            if len(keys) > 1 or times > 1 or (times and not keys) or (settled and not times):
                broken.append(f"{key} was {count} {times} times, arrived with {dict(keys)}")
        if settled:
            bad = "SELECT \"trigger\", state, COUNT(*) FROM fl_runs WHERE state NOT IN ('done', 'cancelled') GROUP BY \"trigger\", state"
            broken += [f"{number} runs of {name} are {state}" for name, state, number in self.rows(bad)]
        return broken

    # 3: no timer lost, none early, none twice
    def _promises(self, kept: Mapping[int, Mapping[str, Any]], settled: bool) -> list[str]:
        timers: dict[tuple[int, str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for name, step, record, due, state, at in self.rows(
            "SELECT name, step, record, due, state, fired_at FROM fl_timers WHERE entity = 'lead' ORDER BY id"
        ):
            timers[record, name, step].append((due, state, at))
        early = [key for key, rows in timers.items() for due, state, at in rows if state == "fired" and at < due]
        broken = [f"timer {key} fired before it was due" for key in early]
        for number, lead in kept.items():
            said = {step: timers.get((number, "sla:answer", step), []) for step in ("warn", "due", "escalate.1")}
            said["call"] = timers.get((number, "sla:lead_stage.new", "due"), [])
            broken += [f"lead {number}: {wrong}" for wrong in _wrong(lead, said, settled)]
        return broken

    # 1, for what comes from outside: a delivery lies in the inbox or in a journal, an uploaded file has its bytes
    def check_arrivals(self, journal: Journal, site: Path, settled: bool) -> list[str]:
        """What is broken of deliveries and uploads; the servers of ``site`` are dead, or everything is settled."""
        inbox = Counter(key for (key,) in self.rows("SELECT \"key\" FROM fl_inbox WHERE connection = 'inward'"))
        made = Counter(key for (key,) in self.rows('SELECT "key" FROM arrival WHERE deleted_at IS NULL'))
        lying = _journals(site / "spool")
        broken = []
        for key, answered in dict(journal.deliveries).items():
            if inbox[key] > 1 or made[key] > 1:
                broken.append(f"{key} is in the inbox {inbox[key]} times, and {made[key]} records")
            if answered and not inbox[key] and not lying[key]:
                broken.append(f"{key} was answered, and lies nowhere")
            if settled and answered and (made[key] != 1 or inbox[key] != 1):
                broken.append(f"{key} was answered, and is {made[key]} records; {inbox[key]} in the inbox")
        return (
            broken
            + [f"nobody sent {key}" for key in made if key not in journal.deliveries]
            + self._files(journal, site)
        )

    def _files(self, journal: Journal, site: Path) -> list[str]:
        rows = {id: (digest, size) for id, digest, size in self.rows("SELECT id, digest, size FROM fl_files")}
        broken = [f"file {id} was taken, and is not known" for id in dict(journal.uploads) if id not in rows]
        broken += [
            f"file {id} has another hash"
            for id, digest in journal.uploads.items()
            if rows.get(id, (digest,))[0] != digest
        ]
        for id, (digest, size) in rows.items():
            path = site / ("files" if self._server else "flowloom.files") / digest[:2] / digest
            content = path.read_bytes() if path.is_file() else b""
            if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
                broken.append(f"file {id} has {len(content)} bytes of {size}, or others")
        return broken

    def _schedules(self) -> list[str]:
        rows = self.rows(
            "SELECT name, COUNT(*) FROM fl_timers WHERE name LIKE 'cron:%' AND state = 'waiting' GROUP BY name"
        )
        return [f"schedule {name} waits {count} times" for name, count in rows if count != 1]


def _journals(folder: Path) -> Counter[str]:
    """The keys of what lies in journals: a line is its checksum and JSON; what is torn was never answered."""
    found: Counter[str] = Counter()
    for path in folder.glob("*.journal") if folder.is_dir() else ():
        for line in path.read_bytes().split(b"\n")[:-1]:
            if line[:8] == b"%08x" % zlib.crc32(line[9:]):
                found[json.loads(line[9:])["key"]] += 1
    return found


def _wrong(lead: Mapping[str, Any], timers: Mapping[str, list[tuple[Any, ...]]], settled: bool) -> list[str]:
    """What is wrong with the timers of one lead."""
    wrong = []
    for step, times in (("warn", 1), ("due", 1), ("call", 1)):
        if len(timers[step]) != times:
            wrong.append(f"{len(timers[step])} timers {step}")
    fired = {step: sum(state == "fired" for _, state, _ in rows) for step, rows in timers.items()}
    for step, count in (("warn", "warned"), ("due", "missed"), ("escalate.1", "escalated")):
        if fired[step] != lead[count]:
            wrong.append(f"timer {step} fired {fired[step]} times, done {lead[count]} times")
    if len(timers["escalate.1"]) != fired["due"]:
        wrong.append(f"missed {fired['due']} times, {len(timers['escalate.1'])} escalations set")
    open_ = [step for step, rows in timers.items() for _, state, _ in rows if state in ("waiting", "paused")]
    given_up = [step for step, rows in timers.items() for _, state, _ in rows if state == "cancelled"]
    if lead["stage"] == "new" and given_up:
        wrong.append(f"is new, but {given_up} were cancelled")
    if lead["stage"] != "new" and open_:
        wrong.append(f"is {lead['stage']}, but {open_} still wait")
    if settled and lead["stage"] == "new" and open_ != ["call"]:
        wrong.append(f"everything due had its time, but {open_} wait")
    return wrong
