"""Reading by rules alone, for where no language model is: the gist of a text, what somebody needs, facts as a briefing. Floor: 5."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

SENTENCE = re.compile(r"[^。!?!?;;\n]+[。!?!?;;]?")
#: Who speaks, before what is said.
SPEAKER = re.compile(r"^\s*[\w\u4e00-\u9fff]{1,8}[::]\s*")
OURS = re.compile(r"^\s*(?:坐席|客服|销售|顾问|agent|我方)[::]", re.IGNORECASE)
#: Words by which a need or a worry is said, straight or not.
SAYS = re.compile(
    "想要|想了解|需要|希望|最好|能不能|可不可以|有没有|打算|计划|考虑|担心|怕|问题|不好用|太慢|太贵|模糊|故障|坏|售后|响应|预算|多少钱|价格|报价|什么时候|多久|比较|另一家|竞品|领导|院长|审批|招标"
)
TOPICS: Mapping[str, str] = {
    "价格与预算": "价格|报价|多少钱|预算|太贵|便宜|折扣|分期",
    "售后与响应": "售后|响应|维修|坏|故障|保修|上门|培训",
    "效果与技术": "模糊|清晰|精度|不好用|太慢|稳定|参数|效果|升级",
    "时间": "什么时候|多久|尽快|月底|年底|交货|安装",
    "决策与流程": "领导|院长|科主任|审批|招标|采购|合同|开会",
    "竞争": "另一家|竞品|别家|比较|友商",
}
PIECE = re.compile(r"[A-Za-z][A-Za-z0-9+-]+|[\u4e00-\u9fff]{2,4}")


def sentences(text: str) -> list[str]:
    """The sentences of a text, without who says them."""
    found = (SPEAKER.sub("", one).strip() for one in SENTENCE.findall(text))
    return [one for one in found if len(one) > 3]


def gist(text: str, most: int = 3) -> str:
    """The sentences that say most, in their order: those whose words come again, and those that ask or worry."""
    said = list(dict.fromkeys(sentences(text)))
    counted = Counter(piece for one in said for piece in set(_pieces(one)))

    def weight(one: str) -> float:
        return (
            sum(counted[piece] - 1 for piece in set(_pieces(one))) + 3 * len(SAYS.findall(one)) + min(len(one), 40) / 40
        )

    chosen = sorted(sorted(range(len(said)), key=lambda number: -weight(said[number]))[:most])
    return "".join(one if one[-1:] in "。!?!?" else one + "。" for one in (said[number] for number in chosen))


def needs(text: str) -> dict[str, Any]:
    """``needs``: what the customer says of wishes and worries; ``topics`` they are about, the most frequent first."""
    theirs = "\n".join(line for line in text.splitlines() if not OURS.match(line))
    found = [one for one in dict.fromkeys(sentences(theirs)) if SAYS.search(one)]
    counted = {name: len(re.findall(words, theirs)) for name, words in TOPICS.items()}
    topics = sorted((name for name, count in counted.items() if count), key=lambda name: -counted[name])
    return {"needs": found[:10], "topics": topics}


def briefing(instruction: str, facts: Any) -> str:
    """The facts below what was asked for, line by line; empty ones are left out."""
    lines = [instruction.strip().rstrip("。.") + ":"]
    if isinstance(facts, Mapping):
        for name, value in facts.items():
            shown = "、".join(str(each) for each in value) if isinstance(value, list | tuple) else value
            if shown not in (None, ""):
                lines.append(f"- {name}:{shown}")
    else:
        lines += [f"- {each}" for each in (facts if isinstance(facts, list | tuple) else [facts]) if each]
    return "\n".join(lines)


def _pieces(text: str) -> list[str]:
    """Words and pairs of characters: enough to see what comes again."""
    found: list[str] = []
    for one in PIECE.findall(text):
        found += [one] if one.isascii() else [one[at : at + 2] for at in range(len(one) - 1)]
    return found
