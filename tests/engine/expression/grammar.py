"""Random expressions that fit the small world, and random rows for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

LETTERS = "aAbBéÉΣσ李客%_'\"\\ ßИ🙂"

text = st.text(LETTERS, min_size=1, max_size=4)
integers = st.integers(-20, 20)
numbers = st.integers(-160, 160).map(lambda n: n / 8)
moneys = st.integers(-500_000, 500_000).map(lambda n: Decimal(n).scaleb(-4))
dates = st.dates(dt.date(1960, 1, 1), dt.date(2040, 12, 31))
# Around the changes of the clock in Berlin, and anywhere.
edges = st.sampled_from([dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC), dt.datetime(2025, 10, 26, 1, tzinfo=dt.UTC)])
datetimes = st.one_of(
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2040, 12, 31)).map(lambda d: d.replace(tzinfo=dt.UTC)),
    st.builds(lambda at, us: at + dt.timedelta(microseconds=us), edges, st.integers(-7_200_000_000, 7_200_000_000)),
)
spans = st.integers(-400_000_000_000, 400_000_000_000).map(lambda us: dt.timedelta(microseconds=us))
stages = st.sampled_from(["new", "called", "won"])


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


@st.composite
def leads(draw: Any) -> dict[str, Any]:
    return {
        "created_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "stage": draw(maybe(stages)), "name": draw(maybe(text)),
        "other": draw(maybe(text)), "n": draw(maybe(numbers)), "m": draw(maybe(numbers)), "i": draw(maybe(integers)),
        "j": draw(maybe(integers)), "amount": draw(maybe(moneys)), "budget": draw(maybe(moneys)),
        "flag": draw(maybe(st.booleans())), "done": draw(maybe(st.booleans())), "day": draw(maybe(dates)),
        "due": draw(maybe(dates)), "at": draw(maybe(datetimes)), "seen": draw(maybe(datetimes)), "span": draw(maybe(spans)),
        "clock": draw(maybe(st.times().map(lambda t: t.replace(second=0, microsecond=0)))),
        "tags": draw(maybe(st.lists(text, max_size=3))), "numbers": draw(maybe(st.lists(integers, max_size=3))),
        "place": draw(maybe(st.fixed_dictionaries({"city": maybe(text)}))),
        "hospital": draw(maybe(st.integers(1, 3))), "owner": draw(maybe(st.integers(1, 2))),
    }  # fmt: skip


@st.composite
def worlds(draw: Any) -> dict[str, Any]:
    moment = maybe(datetimes)
    orders = st.fixed_dictionaries(
        {
            "lead": maybe(st.integers(1, 3)), "total": maybe(moneys), "size": maybe(numbers), "count": maybe(integers),
            "category": maybe(text), "at": moment, "hospital": maybe(st.integers(1, 2)),
        }
    )  # fmt: skip
    rows = {
        "lead": [{**draw(leads()), "id": n} for n in (1, 2, 3)],
        "order": [{**each, "id": n} for n, each in enumerate(draw(st.lists(orders, max_size=5)), 1)],
        "hospital": [
            {
                "id": n,
                "grade": draw(maybe(text)),
                "owner": draw(maybe(st.integers(1, 2))),
                "beds": draw(maybe(integers)),
            }
            for n in (1, 2)
        ],
        "user": [
            {
                "id": n,
                "name": draw(maybe(text)),
                "team": draw(maybe(st.integers(1, 2))),
                "regions": draw(maybe(st.lists(text, max_size=2))),
            }
            for n in (1, 2)
        ],
        "team": [{"id": 1, "name": "a"}, {"id": 2, "name": draw(maybe(text))}],
    }
    history = []
    for lead in (1, 2, 3):
        at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        visited = draw(st.lists(st.tuples(stages, st.integers(1, 90)), max_size=3))
        for place, (state, hours) in enumerate(visited):
            left = at + dt.timedelta(hours=hours)
            open_ = place == len(visited) - 1 and draw(st.booleans())
            history.append(
                {"record": lead, "machine": "m", "state": state, "entered_at": at, "left_at": None if open_ else left}
            )
            at = left
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 2))
    return {"rows": rows, "watchers": draw(st.lists(pairs, unique=True, max_size=4)), "history": history}


FIELDS = {
    "text": ["name", "other", "stage", "hospital.grade", "owner.name", "owner.team.name", "place.city", "tags[0]", "name[1:3]"],
    "number": ["n", "m"],
    "integer": ["i", "j", "hospital.beds", "numbers[0]", "len(orders)", "len(tags)", "weekday(at)", "weekday(day)", "hour_of(at)",
                "month_of(at)", "month_of(day)", "max(numbers)", "sum(numbers)", "count(o.count for o in orders)",
                "len(distinct([o.category for o in orders]))", "len({o.count for o in orders})", "round(n)", "param.limit"],
    "money": ["amount", "budget", "sum([o.total for o in orders])", "max([o.total for o in orders])", "param.price",
              "avg([o.total for o in orders])", "median([o.total for o in orders])", "round(amount, 1)"],
    "yes_no": ["flag", "done"],
    "date": ["day", "due", "today()"],
    "datetime": ["at", "seen", "created_at", "entered_at(stage)", "left_at('new')", "entered_at('won', first=True)", "now()",
                 "max([o.at for o in orders])", "ago(days=3)", "ago(months=1)"],
    "duration": ["span", "dwell('new')", "dwell(stage)", "param.window"],
}  # fmt: skip

LITERALS = {
    "text": text.map(repr), "number": numbers.map(repr), "integer": integers.map(repr),
    "money": st.one_of(integers.map(repr), moneys.map(lambda d: repr(float(d)))),
    "yes_no": st.sampled_from(["True", "False"]), "date": dates.map(lambda d: f"date('{d}')"),
    "datetime": st.sampled_from(["now()", "ago(hours=5)", "ago('3d')"]), "duration": st.just("span"),
}  # fmt: skip


@st.composite
def expressions(draw: Any, kind: str = "yes_no", depth: int = 3) -> str:
    """The text of an expression of that type."""
    leaf = st.one_of(st.sampled_from(FIELDS[kind]), LITERALS[kind])
    if depth <= 0:
        return str(draw(leaf))
    deeper = depth - 1

    def sub(name: str) -> str:
        return f"({draw(expressions(name, deeper))})"

    if kind == "yes_no":
        return _yes_no(draw, sub)
    choice = draw(st.integers(0, 5))
    if choice == 0:
        return f"({sub(kind)} if {sub('yes_no')} else {sub(kind)})"
    if choice == 1 and kind not in ("date", "duration"):
        return f"({sub(kind)} {draw(st.sampled_from(['or', 'and']))} {sub(kind)})"
    if choice in (2, 3):
        return _arithmetic(draw, kind, sub)
    return str(draw(leaf))


def _arithmetic(draw: Any, kind: str, sub: Any) -> str:
    pick = lambda *options: draw(st.sampled_from(options))  # noqa: E731
    if kind == "text":
        return pick(f"{sub('text')} + {sub('text')}", f"lower{sub('text')}", f"lower({sub('text')} + 'ÀΣ')")
    if kind == "integer":
        return pick(
            f"{sub('integer')} {pick('+', '-', '*')} {sub('integer')}", f"{sub('integer')} {pick('//', '%')} {sub('integer')}",
            f"-{sub('integer')}", f"min({sub('integer')}, {sub('integer')})", f"len{sub('text')}", f"{pick('i', 'j')} ** {pick(1, 2, 3)}",
        )  # fmt: skip
    if kind == "number":
        return pick(
            f"{sub('number')} {pick('+', '-', '*', '/')} {sub('number')}", f"{sub('integer')} / {sub('integer')}",
            f"{sub('number')} {pick('+', '*')} {sub('integer')}", f"{sub('money')} / {sub('money')}", f"max({sub('number')}, {sub('integer')})",
            f"hours_between({sub('datetime')}, {sub('datetime')})", f"days_since({sub('datetime')})", f"days_since({sub('date')})",
            f"hours_since({sub('datetime')})", f"share_of([o.category for o in orders], {sub('text')})",
            "avg([o.size for o in orders])", "median([o.size for o in orders if o.count is not None])", f"round({sub('number')}, 2)",
            f"{sub('duration')} / {sub('duration')}",
        )  # fmt: skip
    if kind == "money":
        return pick(
            f"{sub('money')} {pick('+', '-')} {pick(sub('money'), sub('integer'))}", f"{pick('amount', 'budget')} * {sub('number')}",
            f"{pick('amount', 'budget')} / {sub('integer')}", f"-{sub('money')}", f"amount * {sub('integer')}", f"amount + {sub('number')}",
        )  # fmt: skip
    if kind == "date":
        return f"{pick('day', 'due')} {pick('+', '-')} {sub('duration')}"
    if kind == "datetime":
        return f"{pick('at', 'seen')} {pick('+', '-')} {sub('duration')}"
    return pick(
        f"{sub('datetime')} - {sub('datetime')}",
        "day - due",
        f"span * {pick(2, 0.5, 'i')}",
        "span / 3",
        f"{sub('duration')} + span",
    )


def _yes_no(draw: Any, sub: Any) -> str:
    pick = lambda *options: draw(st.sampled_from(options))  # noqa: E731
    kind = pick("text", "number", "integer", "money", "date", "datetime", "duration")
    sign = pick("==", "!=", "<", "<=", ">", ">=")
    forms = [
        lambda: f"{sub(kind)} {sign} {sub(kind)}",
        lambda: f"{sub('integer')} {sign} {sub('number')}",
        lambda: f"{sub('money')} {sign} {sub('number')}",
        lambda: f"{sub('date')} {sign} {sub('datetime')}",
        lambda: f"{sub('yes_no')} {pick('and', 'or')} {sub('yes_no')}",
        lambda: f"not {sub('yes_no')}",
        lambda: f"{sub(kind)} is {pick('None', 'not None')}",
        lambda: f"{sub('integer')} < {sub('integer')} <= {sub('integer')}",
        lambda: (
            f"{sub('text')} {pick('in', 'not in')} {pick('tags', 'name', '[name, other]', 'owner.regions', 'param.words', sub('text'))}"
        ),
        lambda: (
            f"{sub('text')} {pick('in', 'not in')} [o.category for o in orders if {pick('o.count > i', 'o.at < at', 'not o.lead.flag')}]"
        ),
        lambda: f"{sub('integer')} {pick('in', 'not in')} {pick('numbers', '[1, 2, 3]', '[i, 4]')}",
        lambda: f"owner {pick('==', '!=')} {pick('me', 'hospital.owner')}",
        lambda: f"owner.team {pick('==', '!=')} me.team",
        lambda: f"{pick('me', 'owner')} {pick('in', 'not in')} watchers",
        lambda: f"any({pick('o.total > amount', 'o.hospital.grade == name', 'o.count in numbers')} for o in orders)",
        lambda: f"all({pick('o.total > amount', 'o.size == n', 'o.category in tags')} for o in orders)",
        lambda: pick(
            "orders", "not orders", "tags", "tags is None", "numbers is not None", "hospital is None", "watchers"
        ),
        lambda: pick(
            "reached('called')", "reached(stage)", "reached('won', within='2d')", "reached('called', within=span)"
        ),
        lambda: f"contains({sub('text')}, {sub('text')})",
        lambda: f"starts_with({sub('text')}, {sub('text')})",
        lambda: f"{sub('yes_no')} if {sub('yes_no')} else {sub('yes_no')}",
        lambda: f"{sub('yes_no')} {pick('==', '!=')} {sub('yes_no')}",
        lambda: f"clock {sign} '12:30'",
        lambda: pick("flag", "done", "i", "n", "amount", "name", "span", "at"),
    ]
    return str(draw(st.sampled_from(forms))())
