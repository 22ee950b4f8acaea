"""When work is done: spans of a day, holidays, and exact arithmetic in working time. Floor: 5."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import UTC
from engine.errors import InvalidDocument, Problem, Where
from engine.model.calendar import Calendar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = dt.timedelta(microseconds=1)
#: A day in microseconds, and the number of the day 1970-01-01 among all days.
DAY, FIRST = 86_400_000_000, dt.date(1970, 1, 1).toordinal()
#: How far a due time is looked for before the calendar is called empty.
FARTHEST = 3700

Minutes = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days off and worked weekend days, and the years they are known for."""

    off: frozenset[dt.date] = frozenset()
    worked: frozenset[dt.date] = frozenset()
    years: frozenset[int] = frozenset()


@functools.cache
def holidays(name: str) -> Holidays | None:
    """The shipped table of that name (``cn``), or None. Read once."""
    path = Path(__file__).parent / "holidays" / f"{name}.txt"
    if not name.isalnum() or not path.exists():
        return None
    off: set[dt.date] = set()
    worked: set[dt.date] = set()
    years: set[int] = set()
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        head, _, days = line.partition(" ")
        year = int(head.rstrip("~"))
        # A tilde marks a year of which only the days moved by a neighbour's notice are known.
        if not head.endswith("~"):
            years.add(year)
        rest, _, work = days.partition("/")
        off.update(dt.date(year, int(day[:2]), int(day[2:])) for day in rest.split())
        worked.update(dt.date(year, int(day[:2]), int(day[2:])) for day in work.split())
    return Holidays(frozenset(off), frozenset(worked), frozenset(years))


@dataclass(frozen=True, slots=True)
class WorkTime:
    """A calendar ready to count with. Instants in and out are aware; spans are elapsed working time.

    A wall time that a clock change skips means the next valid minute, one that comes twice the first of the two;
    what is counted is always elapsed time in UTC.
    """

    name: str
    zone: ZoneInfo
    week: tuple[tuple[Minutes, ...], ...] = ()
    off: frozenset[dt.date] = frozenset()
    worked: frozenset[dt.date] = frozenset()
    special: Mapping[dt.date, tuple[Minutes, ...]] = field(default_factory=dict)
    years: frozenset[int] | None = None
    _known: dict[int, tuple[Minutes, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def always(self) -> bool:
        """True when every minute counts."""
        return not self.week

    def estimated(self, instant: dt.datetime) -> bool:
        """True when the day's holidays are not known, so that Monday to Friday were assumed."""
        if self.years is None:
            return False
        # Wherever it is, only around New Year's another year is written than here.
        near = instant if 1 < instant.month < 12 else instant.astimezone(self.zone)
        return near.year not in self.years

    def open_at(self, instant: dt.datetime) -> bool:
        """True when work is done at that instant."""
        if self.always:
            return True
        moment = _micros(instant)
        return any(
            start <= moment < end for start, end in self._spans(instant.astimezone(self.zone).date().toordinal())
        )

    def add(self, start: dt.datetime, span: dt.timedelta) -> dt.datetime:
        """The instant when ``span`` of working time has passed since ``start``.

        A span that is used up exactly at a closing time ends there, not at the next opening; an empty span ends at
        ``start`` itself. Raises InvalidDocument (R090) when no working time is found within ten years.
        """
        if self.always:
            return start + span
        if span <= dt.timedelta(0):
            return start
        return EPOCH + self.after(_micros(start), span // MICROSECOND) * MICROSECOND

    def after(self, moment: int, span: int) -> int:
        """What ``add`` gives, in microseconds since 1970."""
        if self.always:
            return moment + span
        if span <= 0:
            return moment
        # Every promise of every new record asks this: a plain loop costs half of what a generator does.
        left, known = span, self._known
        for ordinal in _days(moment):
            spans = known.get(ordinal)
            for begin, end in self._spans(ordinal) if spans is None else spans:
                if end > moment:
                    length = end - (begin if begin > moment else moment)
                    if length >= left:
                        return end - length + left
                    left -= length
        raise InvalidDocument(Problem("R090", parameters={"calendar": self.name}))

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """The working time from ``start`` to ``end``; negative when they are the other way round."""
        if end < start:
            return -self.between(end, start)
        if self.always:
            return end - start
        last, total = _micros(end), 0
        for begin, stop in self._from(start):
            if begin >= last:
                break
            total += min(stop, last) - begin
        return total * MICROSECOND

    def counted(self, start: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
        """The working spans between two instants, for showing how a due time came about."""
        last = _micros(end)
        found: list[tuple[dt.datetime, dt.datetime]] = []
        for begin, stop in self._from(start):
            if begin >= last:
                break
            found.append((EPOCH + begin * MICROSECOND, EPOCH + min(stop, last) * MICROSECOND))
        return found

    def _from(self, start: dt.datetime) -> Iterator[Minutes]:
        moment = _micros(start)
        for ordinal in _days(moment):
            for begin, end in self._spans(ordinal):
                if end > moment:
                    yield max(begin, moment), end

    def _spans(self, ordinal: int) -> tuple[Minutes, ...]:
        known = self._known.get(ordinal)
        if known is None:
            if len(self._known) > FARTHEST:
                self._known.clear()
            known = self._known[ordinal] = self._day(dt.date.fromordinal(ordinal))
        return known

    def _day(self, day: dt.date) -> tuple[Minutes, ...]:
        if self.always:
            hours: tuple[Minutes, ...] = ((0, 24 * 60),)
        elif day in self.special:
            hours = self.special[day]
        elif day in self.off:
            hours = ()
        elif day in self.worked:
            # A make-up day is worked like the first working day of the week.
            hours = self.week[day.weekday()] or next((h for h in self.week if h), ())
        else:
            hours = self.week[day.weekday()]
        spans = ((_wall(day, begin, self.zone), _wall(day, end, self.zone)) for begin, end in hours)
        return tuple((begin, end) for begin, end in spans if end > begin)


def _micros(instant: dt.datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def _days(moment: int) -> range:
    """The local days, wherever that is, whose spans may end after an instant, as far as one looks."""
    # No zone is a whole day away from UTC; one more covers clock changes.
    first = FIRST + moment // DAY - 2
    return range(first, first + FARTHEST)


def _wall(day: dt.date, minute: int, zone: ZoneInfo) -> int:
    """The instant of a local minute, in microseconds since 1970."""
    local = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    instant = local.replace(tzinfo=zone)
    moment = _micros(instant)
    if instant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local:
        return moment
    # The clock skips this minute: the change lies between its two readings, and its instant is the next valid one.
    early, late = _micros(local.replace(tzinfo=zone, fold=1)), moment
    early, late = min(early, late), max(early, late)
    before = (EPOCH + early * MICROSECOND).astimezone(zone).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if (EPOCH + middle * MICROSECOND).astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def always(zone: ZoneInfo) -> WorkTime:
    """The calendar in which every minute counts."""
    return WorkTime("always", zone)


def build(calendar: Calendar, site_timezone: str) -> WorkTime:
    """The calendar ready to count with. Raises InvalidDocument with every problem of its spans, days and holidays."""
    problems: list[Problem] = []
    zone = ZoneInfo(calendar.timezone or site_timezone)
    week: list[tuple[Minutes, ...]] = [()] * 7
    for days, texts in calendar.open.items():
        spans = _hours(tuple(texts), calendar.where, problems)
        for day in _weekdays(days, calendar.where, problems):
            week[day] = tuple(sorted(week[day] + spans))
    known = holidays(calendar.holidays) if calendar.holidays else Holidays()
    if known is None:
        problems.append(Problem("R092", calendar.where, parameters={"holidays": calendar.holidays}))
        known = Holidays()
    special: dict[dt.date, tuple[Minutes, ...]] = {}
    worked = set(known.worked)
    for text in calendar.extra:
        written, _, hours = str(text).partition(" ")
        date = _date(written, calendar.where, problems)
        if date and hours:
            special[date] = _hours(tuple(hours.split()), calendar.where, problems)
        elif date:
            worked.add(date)
    closed = {date for text in calendar.closed if (date := _date(str(text), calendar.where, problems))}
    if not any(week) and not special:
        problems.append(Problem("R090", calendar.where, parameters={"calendar": calendar.name}))
    if problems:
        raise InvalidDocument(problems)
    return WorkTime(
        name=calendar.name,
        zone=zone,
        week=tuple(week),
        off=frozenset(known.off | closed) - frozenset(special),
        worked=frozenset(worked - closed),
        special=special,
        years=known.years if calendar.holidays else None,
    )


def _hours(texts: tuple[str, ...], where: Where, problems: list[Problem]) -> tuple[Minutes, ...]:
    spans: list[Minutes] = []
    for text in texts:
        begin, dash, end = str(text).replace(" ", "").partition("-")
        try:
            span = (_minute(begin), _minute(end) if dash else -1)
        except ValueError:
            span = (0, -1)
        if span[1] <= span[0]:
            problems.append(Problem("R091", where, parameters={"text": text}))
        else:
            spans.append(span)
    spans.sort()
    if any(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:], strict=False)):
        problems.append(Problem("R093", where, parameters={"text": ", ".join(texts)}))
    return tuple(spans)


def _minute(text: str) -> int:
    hour, colon, minute = text.partition(":")
    value = int(hour) * 60 + int(minute)
    if not colon or len(minute) != 2 or not 0 <= value <= 24 * 60 or int(minute) > 59:
        raise ValueError(text)
    return value


def _weekdays(text: str, where: Where, problems: list[Problem]) -> list[int]:
    found: list[int] = []
    for part in str(text).replace(" ", "").lower().split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            problems.append(Problem("R091", where, parameters={"text": text}))
            continue
        start, end = DAYS.index(first), DAYS.index(last if dash else first)
        found += range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return found


def _date(text: str, where: Where, problems: list[Problem]) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        problems.append(Problem("R091", where, parameters={"text": text}))
        return None
