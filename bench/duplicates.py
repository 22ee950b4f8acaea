"""Duplicates: precision and recall on five labelled sets, beside recordlinkage on the same pairs; and the cost of a check.

Run: python -m bench.duplicates [set …] [--million]. Every record goes through the store and the keys as on a site, and is
looked up once; the pairs found that way are scored by both. Needs ``pip install recordlinkage`` (works with pandas 3, whatever
it says). ``--million`` measures one look-up among 1,000,000 customers instead.
"""

from __future__ import annotations

import csv
import itertools
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PERSON = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth",
    "soc_sec_id",
)  # fmt: skip
RECALLS = (0.8, 0.9, 0.95, 0.99)
#: How recordlinkage compares text and from where on it counts as equal: its tutorial's way, and one for longer texts.
RIVALS = (("jarowinkler", 0.85), ("cosine", 0.7))


@dataclass(frozen=True)
class Labelled:
    """Records with what is true of them: pairs of positions; ``sides`` splits them where two tables are linked."""

    fields: Sequence[str]
    rows: Sequence[Mapping[str, str]]
    true: frozenset[tuple[int, int]]
    sides: int = 0


def _rows(path: str, delimiter: str = ",") -> list[dict[str, str]]:
    with (DATA / path).open(encoding="utf-8-sig", newline="") as file:
        return [
            {key: (cell or "").strip() for key, cell in row.items()}
            for row in csv.DictReader(file, delimiter=delimiter, skipinitialspace=True)
        ]


def _persons(path: str, fields: Sequence[str], who: Callable[[Mapping[str, str]], str]) -> Labelled:
    rows = _rows(path)
    groups = defaultdict(list)
    for number, row in enumerate(rows):
        groups[who(row)].append(number)
    true = frozenset(pair for group in groups.values() for pair in itertools.combinations(group, 2))
    return Labelled(fields, rows, true)


def _linked(folder: str, one: str, other: str, delimiter: str, fields: Sequence[str]) -> Labelled:
    left, right = (_rows(f"{folder}/{name}.csv", delimiter) for name in (one, other))
    first = {row["id"]: number for number, row in enumerate(left)}
    second = {row["id"]: number + len(left) for number, row in enumerate(right)}
    pairs = _rows(f"{folder}/gt.csv", delimiter)
    return Labelled(fields, [*left, *right], frozenset((first[p["D1"]], second[p["D2"]]) for p in pairs), len(left))


SETS: Mapping[str, Callable[[], Labelled]] = {
    "febrl1": lambda: _persons("dedupe-febrl1/febrl1.csv", PERSON, lambda row: row["rec_id"].split("-")[1]),
    "febrl3": lambda: _persons("dedupe-febrl3/febrl3.csv", PERSON, lambda row: row["rec_id"].split("-")[1]),
    "fake_1000": lambda: _persons(
        "dedupe-splink-fake1000/fake_1000.csv",
        ("first_name", "surname", "dob", "city", "email"),
        lambda row: row["cluster"],
    ),
    "dblp-acm": lambda: _linked("dedupe-dblp-acm", "dblp", "acm", "%", ("title", "authors", "venue", "year")),
    "abt-buy": lambda: _linked("dedupe-abt-buy", "abt", "buy", "|", ("name", "description", "price")),
}


def stage(fields: Sequence[str]) -> Any:
    """A site in memory whose one entity has these fields, all compared."""
    from tests.engine.runtime.stage import Stage

    listed = ", ".join(f"{name}: {{type: text}}" for name in fields)
    rule = f"one: {{compare: [{', '.join(fields)}]}}"
    return Stage(f'kind: entity\nname: thing\ntitle: "{{{{ id }}}}"\nfields: {{{listed}}}\nduplicates: {{{rule}}}\n')


def ours(found: Labelled) -> tuple[dict[tuple[int, int], float], set[tuple[int, int]], float, float]:
    """Every pair that a look-up finds with its bits; those a rule with ``above: 0.9`` reports; seconds of CPU a record to keep,
    and to check by that rule."""
    from engine.runtime import resemblance
    from engine.runtime.acts import Acting

    site = stage(found.fields)
    given = [{name: row[name] or None for name in found.fields} for row in found.rows]

    def keep(context: Acting) -> None:
        plan = context.plan("thing")
        for values in given:
            record = context.records.insert(context.connection, "thing", values, context.now, None)
            resemblance.remember(context, plan, record.id, values, {})

    started = time.process_time()
    site.do(keep)
    kept = time.process_time() - started
    pairs: dict[tuple[int, int], float] = {}

    def look(context: Acting) -> None:
        plan = context.plan("thing")
        for number, values in enumerate(given):
            for each in resemblance.likenesses(context, plan, tuple(found.fields), values, -1.0):
                pair = min(number, each.record - 1), max(number, each.record - 1)
                across = not found.sides or pair[0] < found.sides <= pair[1]
                if pair[0] != pair[1] and across:
                    pairs[pair] = max(pairs.get(pair, -1e9), each.bits)

    site.ask(look)
    sure: set[tuple[int, int]] = set()

    def check(context: Acting) -> None:
        plan = context.plan("thing")
        for number, values in enumerate(given):
            for each in resemblance.likenesses(context, plan, tuple(found.fields), values, 0.9):
                pair = min(number, each.record - 1), max(number, each.record - 1)
                if pair[0] != pair[1] and (not found.sides or pair[0] < found.sides <= pair[1]):
                    sure.add(pair)

    started = time.process_time()
    site.ask(check)
    return pairs, sure, kept / len(given), (time.process_time() - started) / len(given)


def theirs(found: Labelled, pairs: Sequence[tuple[int, int]], method: str, threshold: float) -> list[float]:
    """recordlinkage's score of the same pairs: its expectation-maximisation classifier over compared strings."""
    import pandas
    import recordlinkage

    frame = pandas.DataFrame([{name: row[name] or None for name in found.fields} for row in found.rows])
    compare = recordlinkage.Compare()
    for name in found.fields:
        compare.string(name, name, method=method, threshold=threshold, label=name)
    features = compare.compute(pandas.MultiIndex.from_tuples(pairs), frame).astype(int)
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(features)
    return [float(each) for each in classifier.prob(features)]


def curve(scores: Iterable[float], right: Iterable[bool], true: int) -> tuple[tuple[float, float, float], list[float]]:
    """(best F1 with its precision and recall), and the best precision at each of RECALLS (0.0 where it is not reached)."""
    ranked = sorted(zip(scores, right, strict=True), key=lambda each: -each[0])
    hits, best = 0, (0.0, 0.0, 0.0)
    at = [0.0] * len(RECALLS)
    for count, (place, (score, hit)) in enumerate(zip(itertools.count(1), ranked, strict=False), 1):
        hits += hit
        if place < len(ranked) and ranked[place][0] == score:
            continue  # equal scores stand or fall together
        precision, recall = hits / count, hits / true
        if hits:
            best = max(best, (2 * precision * recall / (precision + recall), precision, recall))
        at = [max(known, precision) if recall >= wanted else known for known, wanted in zip(at, RECALLS, strict=True)]
    return best, at


def _line(name: str, found: tuple[tuple[float, float, float], list[float]]) -> str:
    (f1, precision, recall), at = found
    shown = "  ".join(f"{each:.4f}" if each else "  --  " for each in at)
    return f"   {name:22} {f1:.4f} {precision:.4f} {recall:.4f}   {shown}"


def measure(name: str) -> None:
    """Print one set's table."""
    found = SETS[name]()
    pairs, sure, kept, looked = ours(found)
    right = [pair in found.true for pair in pairs]
    print(
        f"{name}: {len(found.rows)} records, {len(found.true)} true pairs, {len(pairs)} compared; found by the keys "
        f"{sum(right) / len(found.true):.4f}; {kept * 1e3:.2f} ms to keep, {looked * 1e3:.2f} ms to look up (CPU)"
    )
    print(f"   {'':22} best F1 / P / R         precision at recall {'    '.join(str(each) for each in RECALLS)}")
    print(_line("flowloom", curve(pairs.values(), right, len(found.true))))
    hits = len(sure & found.true)
    print(f"   {'flowloom, above 0.9':22}        {hits / max(len(sure), 1):.4f} {hits / len(found.true):.4f}")
    for method, threshold in RIVALS:
        scores = theirs(found, list(pairs), method, threshold)
        print(_line(f"ECM {method} {threshold}", curve(scores, right, len(found.true))), flush=True)


def main() -> None:
    """Every set that is there, or those named; or the million."""
    warnings.filterwarnings("ignore")
    if "--million" in sys.argv:
        from bench.million import main as million

        million()
        return
    for name in [each for each in sys.argv[1:] if each in SETS] or SETS:
        measure(name)


if __name__ == "__main__":
    main()
