"""How alike two values are, and the words they are found again by: names of companies and people, numbers. Floor: 4.

One reading of a value serves all three uses: the share by which two texts agree (``similarity``), the evidence that two
records are one thing (``agreement``, in bits), and the words a million records are searched by (``Reading.words``).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from math import log2
from typing import Any

#: What a company's name ends with without saying which company it is, the longest first.
_LEGAL = re.compile(r"(股份有限公司|有限责任公司|集团有限公司|有限公司|集团公司|总公司|公司|集团)$")
_LEGAL_WORDS = frozenset(("co", "ltd", "inc", "llc", "corp", "gmbh", "plc", "limited", "incorporated", "corporation"))
#: A branch is named after its company: what stands behind the legal form and ends like this is left out.
_BRANCH = re.compile(
    r"^(.{2,}?(?:股份有限公司|有限责任公司|有限公司|集团公司|公司|集团)).{1,12}?"
    r"(?:分公司|分店|分行|支行|分厂|办事处|营业部|门店|销售部|项目部)$"
)
_PLACE = re.compile(
    r"^(中国|[一-龥]{2,3}[省市](?=..)|(?:北京|上海|天津|重庆|深圳|广州|杭州|苏州|南京|成都|武汉|西安|宁波|厦门|青岛|大连|"
    r"无锡|佛山|东莞|合肥|长沙|郑州|济南|福州|昆明|沈阳|温州|浙江|江苏|广东|山东|四川|湖北|湖南|福建|河南|河北)(?=..))"
)
_WORD = re.compile(r"[㐀-鿿]+|[^\W_㐀-鿿]+")
_ASIDE = re.compile(r"\(([^()]{1,14})\)")
_HAN = re.compile(r"[㐀-鿿]")
#: Moves when words come out otherwise than before: keys that are kept are then made anew.
VERSION = 1
#: Words of one value that are looked at.
MOST = 24
#: Bits one field may bring, and what one that differs altogether takes away.
STRONGEST, AGAINST = 16.0, 4.0
#: The share of agreement at which a field says nothing.
NEUTRAL = 0.5
#: Two words this alike may be one, mistyped; two numbers one slip apart count this much.
NEAR, SLIP = 0.8, 0.75

#: Bits that a word says by being rare: the binary logarithm of records for each that has it.
Rarity = Callable[[str], float]


class Reading:
    """A value as it is compared: ``whole`` its letters and digits without legal form, branch and place, ``place`` where a
    company says it is, ``chinese`` whether it has Chinese characters."""

    __slots__ = ("_ends", "_words", "chinese", "place", "whole")

    def __init__(self, whole: str, place: str, words: tuple[str, ...] | None, chinese: bool) -> None:
        self.whole, self.place, self.chinese = whole, place, chinese
        self._words = words
        self._ends: tuple[frozenset[str], frozenset[str]] | None = None

    @property
    def ends(self) -> tuple[frozenset[str], frozenset[str]]:
        """The first and the last syllables of its words, where it is Chinese."""
        found = self._ends
        if found is None:
            syllables = [word.split(" ") for word in self.words]
            found = self._ends = frozenset(s[0] for s in syllables), frozenset(s[-1] for s in syllables)
        return found

    def strange(self, other: Reading) -> bool:
        """True for two Chinese values no word of which is or resembles one of the other."""
        if not self.chinese or not other.chinese or not self.whole.isalpha() or not other.whole.isalpha():
            return False
        one, two = self.ends, other.ends
        return one[0].isdisjoint(two[0]) and one[1].isdisjoint(two[1])

    @property
    def words(self) -> tuple[str, ...]:
        """What it is searched by: words, Chinese by how two neighbouring characters are read."""
        found = self._words
        if found is None:
            # Most of what is compared differs in what is quicker to compare: how it sounds is asked of few.
            found = self._words = tuple(dict.fromkeys(_heard(self.whole)))[:MOST]
        return found


@functools.lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """Half-width, small, simplified: what a reader takes for the same is the same."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii() or _HAN.search(text) is None:
        return text
    return str(_simplified().convert(text))


@functools.cache
def _simplified() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@functools.lru_cache(maxsize=8192)
def read(text: str) -> Reading:
    """The text as it is compared."""
    text = folded(text)
    if _HAN.search(text) is None:
        words = _WORD.findall(text)
        while len(words) > 1 and words[-1] in _LEGAL_WORDS:
            words.pop()
        return Reading("".join(words), "", tuple(dict.fromkeys(words))[:MOST], False)
    place, core = company(text)
    return Reading(core, place, None, True)


def company(name: str) -> tuple[str, str]:
    """(place, core) of a company's name: ``上海锐视光学有限公司深圳分公司`` and ``锐视光学(上海)有限公司`` are 锐视光学 in 上海."""
    aside = "".join(_ASIDE.findall(name))
    plain = "".join(_WORD.findall(_ASIDE.sub("", name)))
    if len(plain) < 2:
        plain, aside = "".join(_WORD.findall(name)), ""
    branch = _BRANCH.match(plain)
    core = branch[1] if branch else plain
    while (shorter := _LEGAL.sub("", core)) != core and len(shorter) > 1:
        core = shorter
    place = _PLACE.match(core)
    if place:
        return place[1], core[place.end() :]
    elsewhere = _PLACE.match(f"{aside}公司") if aside else None
    return (elsewhere[1] if elsewhere else ""), core


def _heard(text: str) -> list[str]:
    """Neighbours as they are read: a character mistaken for another of the same sound changes nothing, one mistaken for any
    other leaves the rest."""
    from engine.store.words import syllables

    heard = syllables(text)
    return [f"{one} {other}" for one, other in zip(heard, heard[1:], strict=False)] or list(heard)


def similarity(one: str, other: str) -> float:
    """How alike two names are, 0..1, without regard to width, case, punctuation, script, legal form and branch.

    Names that sound alike count 0.95 of what they would if written alike; two that name different places lose a fifth.
    Source: normalised InDel similarity (rapidfuzz ``fuzz.ratio``).
    """
    from rapidfuzz import fuzz

    left, right = read(one), read(other)
    if not left.whole or not right.whole:
        return 0.0
    if left.whole == right.whole:
        share = 1.0
    else:
        share = float(fuzz.ratio(left.whole, right.whole)) / 100
        if left.chinese or right.chinese:
            share = max(share, 0.95 * _sounding(left, right))
        elif len(left.words) > 1 and len(left.words) == len(right.words):
            share = max(
                share, 0.95 * float(fuzz.ratio(" ".join(sorted(left.words)), " ".join(sorted(right.words)))) / 100
            )
    return share * 0.8 if left.place and right.place and left.place != right.place else share


def _sounding(left: Reading, right: Reading) -> float:
    from rapidfuzz import fuzz

    from engine.store.words import syllables

    one, other = list(syllables(left.whole)), list(syllables(right.whole))
    if left.chinese and right.chinese:
        return float(fuzz.ratio(one, other)) / 100
    # ``Zhang Wei`` for 张伟, also with the family name behind.
    spelt, heard = (other, one) if left.chinese else (one, other)
    written = "".join(spelt)
    return float(written in ("".join(heard), "".join([*heard[1:], *heard[:1]])))


def agreement(one: Reading, other: Reading, rarity: Rarity, least: float | None = None) -> tuple[float, float]:
    """(bits, share): the evidence of two values for their being one, and how far they agree (0..1).

    Rare words that agree say more than common ones; a value that differs altogether takes ``AGAINST`` bits away, one
    that agrees half says nothing. Where it cannot come to ``least`` bits, some number below that and no share may be
    the answer. Source: Fellegi and Sunter (1969), with the frequency of values as their u.
    """
    mine, theirs = one.words, other.words
    if not mine or not theirs:
        return 0.0, 0.0
    if least is not None and one.chinese and " " in mine[0] and one.whole.isalpha() and other.whole.isalpha():
        at_best = _at_best(mine, theirs, rarity)
        if at_best < least:
            return at_best, 0.0
    if len(mine) == len(theirs) == 1 and mine[0].isdigit() and theirs[0].isdigit():
        return _numbers(mine[0], theirs[0], rarity)
    if one.strange(other):
        return -AGAINST * min(1.0, (4 / (len(mine) + len(theirs))) ** 0.5), 0.0
    if mine == theirs and (not one.place or not other.place or one.place == other.place):
        return min(STRONGEST, sum(map(rarity, mine))), 1.0
    weights = {word: rarity(word) for word in {*mine, *theirs}}
    totals = sum(weights[word] for word in mine), sum(weights[word] for word in theirs)
    common = [word for word in mine if word in theirs]
    agreed = 2 * sum(weights[word] for word in common)
    left, right = [w for w in mine if w not in common], [w for w in theirs if w not in common]
    if left and right:
        agreed += _mistyped(left, right, weights) if len(left) * len(right) <= 200 else 0.0
    share = agreed / (sum(totals) or 1.0)
    latin = not one.chinese and not other.chinese and one.whole.isalpha() and other.whole.isalpha()
    if share < 1.0 and latin and min(len(one.whole), len(other.whole)) > 3:
        from rapidfuzz import fuzz

        ratio = float(fuzz.ratio(one.whole, other.whole)) / 100
        if ratio >= NEAR:
            share = max(share, ratio)
    if one.place and other.place and one.place != other.place:
        share *= 0.8
    # The longer two texts are, the less their differences say: people word things differently.
    long = min(1.0, (4 / (len(mine) + len(theirs))) ** 0.5)
    neutral = NEUTRAL * long
    if share < neutral:
        return -AGAINST * long * (neutral - share) / neutral, share
    return min(STRONGEST, *totals) * (share - neutral) / (1 - neutral), share


def _numbers(one: str, other: str, rarity: Rarity) -> tuple[float, float]:
    """The same for two numbers, which are most of what is compared."""
    share = 1.0 if one == other else _slipped(one, other)
    if share < NEUTRAL:
        return -AGAINST * (NEUTRAL - share) / NEUTRAL, share
    return min(STRONGEST, rarity(one), rarity(other)) * (share - NEUTRAL) / (1 - NEUTRAL), share


def _at_best(mine: tuple[str, ...], theirs: tuple[str, ...], rarity: Rarity) -> float:
    """The most bits Chinese words may bring: each that is not over there is another one by half."""
    weights = [(rarity(word), word in theirs) for word in mine]
    total, common = sum(weight for weight, _ in weights), sum(weight for weight, there in weights if there)
    neutral: float = NEUTRAL * min(1.0, (4 / (len(mine) + len(theirs))) ** 0.5)
    share = 0.5 + common / ((total + common) or 1.0)
    return min(STRONGEST, total) * (share - neutral) / (1 - neutral)


def _mistyped(left: list[str], right: list[str], weights: Mapping[str, float]) -> float:
    """The weight of words that are no other ones but wrongly typed, or written apart in one of the two."""
    agreed = 0.0
    for one, other in ((left, right), (right, left)):
        joined = {first + second: (first, second) for first, second in zip(one, one[1:], strict=False)}
        for word in [word for word in other if word in joined]:
            if all(part in one for part in joined[word]):
                other.remove(word)
                agreed += 2 * weights[word]
                for part in joined[word]:
                    one.remove(part)
    for word in left:
        best, found = 0.0, ""
        for candidate in right:
            how = near(word, candidate)
            if how > best:
                best, found = how, candidate
        if found:
            right.remove(found)
            agreed += best * (weights[word] + weights[found])
    return agreed


@functools.lru_cache(maxsize=65536)
def near(one: str, other: str) -> float:
    """How far two different words may be the same one: 0 for not at all."""
    if any(map(str.isdigit, one)) or any(map(str.isdigit, other)):
        return _slipped(one, other)
    if " " in one or " " in other:
        # Two Chinese neighbours: one of them may be another character.
        heard, said = one.split(" "), other.split(" ")
        return 0.5 if heard[0] == said[0] or heard[-1] == said[-1] else 0.0
    if min(len(one), len(other)) == 1:
        return 0.6 if one[0] == other[0] else 0.0
    from rapidfuzz.distance import JaroWinkler

    alike = float(JaroWinkler.similarity(one, other))
    return alike if alike >= 0.88 else 0.0


def _slipped(one: str, other: str) -> float:
    """The same for numbers and codes: those that look alike are others, unless one finger slipped."""
    shorter = min(len(one), len(other))
    slips = int(_slips()(one, other, score_cutoff=2)) if shorter > 3 else 3
    if slips == 2 and shorter > 9:
        return NEUTRAL  # each of the two may have been mistyped once
    return SLIP * min(1.0, len(one) / 6) if slips == 1 else 0.0


@functools.cache
def _slips() -> Callable[..., Any]:
    from rapidfuzz.distance import OSA

    distance: Callable[..., Any] = OSA.distance
    return distance


def probability(bits: float, records: int) -> float:
    """How probable it is that two records are one, 0..1, when their fields bring so many bits: one pair in ``records`` is,
    before anything is known."""
    odds = bits - log2(max(records, 2))
    return 1 / (1 + 2 ** -max(-60.0, min(60.0, odds)))


def needed(above: float, records: int) -> float:
    """The bits that make a probability of ``above`` among so many records; 0 where anything will do."""
    if above <= 0:
        return 0.0
    return log2(max(records, 2)) + log2(above / max(1 - above, 1e-9))
