"""Records and transcripts of calls, from any call centre. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from connectors.webhook import Webhook

#: Where systems put the parts of a conversation, and the words and the speaker of a part.
PARTS = ("turns", "sentences", "segments", "dialogue", "utterances")
WORDS = ("text", "words", "content", "Text", "sentence")
SPEAKER = ("speaker", "role", "channel", "speaker_id", "channel_id", "SpeakerId")
#: Characters of a transcript that are kept.
MOST = 100_000


class Calls(Webhook):
    """Takes records of calls as a call centre pushes them, signed like a webhook. What was said is `transcript`, whether it comes as
    one text or in parts by speaker (`turns`, `sentences`, `segments` …): the rest of the record stays as it is. With
    `map: {phone: caller, call_summary: transcript}`, `phone_in(transcript)` and `mentioned(transcript, […])` a call becomes a
    lead or an interaction."""

    name = "calls"
    title: ClassVar[Mapping[str, str]] = {"zh": "通话记录与转写", "en": "Calls and transcripts"}
    offers = frozenset({"receive"})
    params: ClassVar[Mapping[str, Any]] = {
        **Webhook.params,
        "properties": {name: part for name, part in Webhook.params["properties"].items() if name != "items"},
    }
    example = 'connector: calls\nsettings: {secret: "=secret.CALL_CENTRE_HOOK", id: call_id, happened_at: started_at}'

    def read(self, body: bytes, kind: str) -> Any:
        """The record with its ``transcript``."""
        content = super().read(body, kind)
        if not isinstance(content, dict):
            return content
        known = content.get("transcript")
        if isinstance(known, str):
            return {**content, "transcript": known[:MOST]}
        parts = (
            known
            if isinstance(known, list)
            else next((content[n] for n in PARTS if isinstance(content.get(n), list)), None)
        )
        return content if parts is None else {**content, "transcript": said(parts)}


def said(parts: Sequence[Any]) -> str:
    """A line for every part, with its speaker where one is named."""
    lines: list[str] = []
    for one in parts:
        if isinstance(one, Mapping):
            words = next((str(one[name]) for name in WORDS if one.get(name)), "")
            who = next((str(one[name]) for name in SPEAKER if one.get(name) is not None), "")
            lines.append(f"{who}:{words}" if who and words else words)
        elif isinstance(one, str):
            lines.append(one)
    return "\n".join(line for line in lines if line)[:MOST]
