"""What people are told about approvals, in kind words and their own language. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine.facts import Event
from engine.runtime import approval, log, people, who
from engine.runtime.acts import Acting
from engine.store import approvals
from engine.store.approvals import Request

TOLD = frozenset({approval.ASKED, approval.LATE, approval.OVER, "approved", "rejected"})


def tell(context: Acting, event: Event) -> None:
    """Tell everybody an event of an approval concerns; an ``approved`` that no request is behind concerns nobody."""
    number = event.data.get("approval")
    request = approvals.get(context.connection, number) if isinstance(number, int) else None
    if request is None or "notification" not in context.manifest.entities:
        return
    about = Event(event.name, request.entity, request.record, event.at, data=event.data, actor=event.actor)
    for user, words in _letters(context, event, request).items():
        language = (who.everybody(context).get(user) or {}).get("language")
        title, body = words[1] if str(language or "").startswith("en") else words[0]
        people.tell(context, (user,), title, body, about)


def _letters(context: Acting, event: Event, request: Request) -> Mapping[int, Any]:
    """user -> ((title, body) in Chinese, the same in English)."""
    title, asker = request.title, request.asked_by
    name = log.name_of(context, asker)
    until = log.clock_time(context, request.due) if isinstance(request.due, dt.datetime) else ""
    found: dict[int, Any] = {}
    if event.name in (approval.ASKED, approval.LATE):
        zh = f"方便时请看一下{f',最好在 {until} 前' if until else ''};同意或驳回都会告诉对方。"
        en = f"Please have a look when you can{f', best before {until}' if until else ''}."
        for user in event.data.get("users", ()):
            found[user] = ((f"{name} 想请您审批:{title}", zh), (f"{name} asks you to approve: {title}", en))
    if event.name == approval.LATE and asker is not None:
        whom = approval.names(context, event.data.get("users", ()))
        found[asker] = (
            (f"还没有人回复,已经再请 {whom} 看:{title}", "您不用做什么。"),
            (f"No answer yet, {whom} was asked as well: {title}", "There is nothing you need to do."),
        )
    if event.name in ("approved", "rejected", approval.OVER) and asker is not None:
        found[asker] = _result(context, event, request)
    return found


def _result(context: Acting, event: Event, request: Request) -> Any:
    by, note, title = log.name_of(context, event.data.get("by")), str(event.data.get("note") or ""), request.title
    said_zh, said_en = (f"留言:{note}", f"Note: {note}") if note else ("", "")
    result = str(event.data.get("result") or event.name)
    if result == "approved":
        return (f"{by} 同意了:{title}", said_zh or "已经自动往下走了。"), (f"{by} approved: {title}", said_en)
    if result == "rejected":
        zh = said_zh or "可以补充后再提交一次。"
        return (f"{by} 这次没有同意:{title}", zh), (f"{by} did not approve this time: {title}", said_en)
    if result == "expired":
        zh, en = "到时限还没有人决定,可以重新提交。", "Nobody decided in time; you may ask again."
    elif result == "void":
        zh, en = "这条记录有了别的变化,不用再审批了。", "The record has moved on; no decision is needed."
    else:
        zh, en = "已按您的意思撤回。", "Withdrawn as you wished."
    return (f"审批结束:{title}", zh), (f"The approval is over: {title}", en)
