"""A company with a signed website hook, a plain HMAC one and a public form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from tests.company import Company, found

SECRET = "whsec_" + base64.b64encode(b"a secret of the website").decode()
OLD = "whsec_" + base64.b64encode(b"the secret before").decode()
PLAIN = "It's a Secret to Everybody"

DOCUMENTS = {
    "connection/website.yaml": """\
kind: connection
name: website
label: {zh: 官网, en: Website}
connector: webhook
settings: {secret: ["=secret.WEBSITE_HOOK", "=secret.WEBSITE_HOOK_OLD"], happened_at: at}
into: lead
map:
  company: data.company
  phone: data.mobile
  contact: "=content.data.name"
  budget: data.budget
set: {source: website, campaign: "{{ data.page }}"}
match_on: [phone]
expect: {every: 2h}
""",
    "connection/partner.yaml": """\
kind: connection
name: partner
label: {zh: 合作方, en: Partner}
connector: webhook
settings: {secret: "=secret.PARTNER_HOOK", verify: hmac, header: X-Hub-Signature-256, prefix: "sha256=", items: leads, id: no}
into: lead
map: {company: 单位, phone: 手机}
set: {source: referral}
match_on: [phone]
""",
    "form/contact_us.yaml": """\
kind: form
name: contact_us
label: {zh: 联系我们, en: Contact us}
summary: {zh: 一个工作日内回复, en: We answer within a working day}
entity: lead
fields: [company, contact, phone, stage, owner, budget]
required: [company, phone, stage]
ask_one_of: {buyer_type: [price, service]}
public: {path: contact-us, thanks: {zh: 我们收到了, en: We have it}, set: {source: website, campaign: 官网表单}}
""",
}


def furnished(place: Path, clock: Any, registry: Any, monkeypatch: Any, database: str | None = None) -> Company:
    """A new company that had these documents from the beginning."""
    _lay(place, monkeypatch)
    return found(place, clock, registry, database)


def furnish(company: Company, monkeypatch: Any) -> Company:
    """The same company with these documents published."""
    _lay(company.folder, monkeypatch)
    problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
    assert not problems, problems
    company.engine.revisions.publish("channels")
    return company


def _lay(folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("WEBSITE_HOOK", SECRET)
    monkeypatch.setenv("WEBSITE_HOOK_OLD", OLD)
    monkeypatch.setenv("PARTNER_HOOK", PLAIN)
    for name, text in DOCUMENTS.items():
        path: Path = folder / "custom" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def signed(
    company: Company, body: bytes, id: str = "msg_1", secret: str = SECRET, late: int = 0, **more: str
) -> dict[str, str]:
    """The headers of Standard Webhooks for a body."""
    time = str(int(company.clock.now().timestamp()) + late)
    mark = hmac.digest(base64.b64decode(secret[6:]), f"{id}.{time}.".encode() + body, "sha256")
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": time,
        "webhook-signature": "v1," + base64.b64encode(mark).decode(),
        **more,
    }


def hubbed(body: bytes, secret: str = PLAIN) -> dict[str, str]:
    """The headers of a sender that signs as GitHub does."""
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={mark}"}


def lead(company: str = "锐视光学", mobile: str = "13800138000", **more: Any) -> bytes:
    """What the website sends."""
    at = more.pop("at", None)
    content = {"data": {"company": company, "mobile": mobile, "name": "李雷", "page": "眼科", **more}}
    return json.dumps(content | ({"at": at} if at else {}), ensure_ascii=False).encode()
