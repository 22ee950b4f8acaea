"""Public forms: pages without sign-in, at /f/<path>, which work without JavaScript and inside another site. Floor: 7."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request

from engine.errors import FlowloomError, NotFound, Problem, Refused
from engine.facts import SYSTEM
from studio import limits
from studio.answers import engine

blueprint = Blueprint("forms", __name__)

#: Forms an address may send in a minute, and at once.
SENT = (12, 12)
#: Bytes of one file, and of everything a stranger sends with one form, at most.
FILE, WHOLE = 10_000_000, 25_000_000
#: A field people do not see and robots fill in.
TRAP = "website_url"
TOKEN = "form_token"
#: Field types a stranger can fill in, with the input that suits them; others are left out of the page.
INPUTS: Mapping[str, str] = {
    "text": "text", "long_text": "area", "phone": "tel", "email": "email", "url": "url", "uscc": "text", "integer": "number",
    "number": "decimal", "money": "decimal", "score": "number", "date": "date", "time": "time", "datetime": "datetime-local",
    "yes_no": "tick", "choice": "select", "choices": "ticks", "file": "file", "image": "file",
}  # fmt: skip
COMPLETES: Mapping[str, str] = {"phone": "tel", "email": "email", "url": "url"}
NAMES: Mapping[str, str] = {"company": "organization", "contact": "name", "name": "name", "address": "street-address"}
WORDS: Mapping[str, Mapping[str, str]] = {
    "send": {"zh": "提交", "en": "Send"},
    "thanks": {"zh": "已收到,谢谢。", "en": "Received. Thank you."},
    "wrong": {"zh": "还有几处需要修改:", "en": "Please look at these again:"},
    "needed": {"zh": "必填", "en": "required"},
    "choose": {"zh": "请选择", "en": "Please choose"},
    "another": {"zh": "再填一份", "en": "Fill in another"},
    "empty": {"zh": "请不要填写这一栏", "en": "Leave this field empty"},
}


def install(app: Flask) -> None:
    """The counter of this application."""
    app.config["FORMS_SENT"] = limits.Limit(*SENT)


@blueprint.get("/f/<path>/embed.js")
def embed(path: str) -> Response:
    """A script that puts the form where it stands on another page, as high as it needs to be."""
    form = _form(path)
    address = f"{request.host_url.rstrip('/')}/f/{form.public.path}"
    script = (
        "(function(){var s=document.currentScript,f=document.createElement('iframe');"
        f"f.src={json.dumps(address)};f.title={json.dumps(form.name)};f.loading='lazy';"
        "f.style.cssText='width:100%;border:0;min-height:640px';s.parentNode.insertBefore(f,s)})();"
    )
    response = Response(script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.get("/f/<path>")
def page(path: str) -> Response:
    """The empty form."""
    return _page(_form(path), {}, ())


@blueprint.post("/f/<path>")
def send(path: str) -> Response:
    """Thanks, or the form again with what was entered and what is wrong beside each field."""
    form = _form(path)
    files = [field for field in _asked(form) if INPUTS[field.type] == "file"]
    if files:
        request.max_content_length = WHOLE
    wait = current_app.config["FORMS_SENT"].wait(limits.address(), time.monotonic())
    if wait:
        response = _page(form, _entered(form), (Problem("H038"),), 429)
        response.headers["Retry-After"] = str(int(wait) + 1)
        return response
    if request.form.get(TRAP):
        return _thanks(form)  # a robot learns nothing
    entered, foreign = _entered(form), _foreign(form)
    if foreign:
        return _page(form, entered, foreign, 422)
    token = request.form.get(TOKEN, "")
    key = token if 16 <= len(token) <= 64 and token.isascii() else secrets.token_urlsafe(24)
    try:
        attached = _attached(form, files, key)
        engine().channels.submit(form.name, key, {**entered, **attached, **_states(form)})
    except Refused as error:
        return _page(form, entered, error.problems, 422)
    except FlowloomError as error:
        return _page(form, entered, error.problems, error.status)
    return _thanks(form)


def _form(path: str) -> Any:
    for form in engine().manifest.forms.values():
        if form.public is not None and form.public.path == path:
            return form
    raise NotFound(Problem("H004", parameters={"path": f"/f/{path}"}))


def _language() -> str:
    asked = request.args.get("lang") or request.accept_languages.best_match(["zh", "zh-CN", "en"]) or "zh"
    return "en" if asked.startswith("en") else "zh"


def _asked(form: Any) -> list[Any]:
    """The fields a stranger is asked for, in order: no links, for they would show other records."""
    fields = engine().manifest.entities[form.entity].fields
    inside = [name for section in form.sections.values() for name in section.fields]
    names = dict.fromkeys([*form.fields, *inside, *form.ask_one_of])
    return [
        fields[name] for name in names if name in fields and fields[name].type in INPUTS and fields[name].value is None
    ]


def _states(form: Any) -> dict[str, str]:
    """The first state of each machine whose field the form asks for: a record that comes by a page begins at the beginning."""
    named = {*form.fields, *form.required}
    machines = engine().manifest.state_machines.values()
    return {one.field: one.initial for one in machines if one.entity == form.entity and one.field in named}


def _entered(form: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in _asked(form):
        values = request.form.getlist(field.name)
        if INPUTS[field.type] == "file":
            continue
        if field.type == "choices":
            found[field.name] = values
        elif field.type == "yes_no":
            found[field.name] = bool(values)
        elif values and values[0].strip():
            found[field.name] = values[0].replace("\r\n", "\n").strip()
    return found


def _attached(form: Any, fields: Sequence[Any], key: str) -> dict[str, str]:
    """field -> id of what was attached, kept before the rest is looked at; the same page sent twice keeps it once.

    Raises Refused with every file that is not taken.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for field in fields:
        sent = request.files.get(field.name)
        if sent is None or not sent.filename:
            continue
        files = engine().files
        wanted = files.wanted(SYSTEM, form.entity, field.name)
        try:
            kept = files.keep(
                SYSTEM, wanted, sent.filename, sent.stream, seed=f"{form.name}:{key}:{field.name}", most=FILE
            )
        except Refused as error:
            problems += error.problems
        else:
            found[field.name] = kept.id
    if problems:
        raise Refused(problems)
    return found


def _foreign(form: Any) -> list[Problem]:
    """Everything sent that the page does not ask for, such as the owner: even where the form would let a colleague say it."""
    asked = _asked(form)
    # A file comes as a file: an id told in words could be anybody's.
    typed = {field.name for field in asked if INPUTS[field.type] != "file"} | {TRAP, TOKEN}
    attached = {field.name for field in asked if INPUTS[field.type] == "file"}
    title = form.label.text(_language()) or form.name
    names = [name for name in request.form if name not in typed] + [n for n in request.files if n not in attached]
    return [Problem("R070", field=name, parameters={"name": name, "form": title}) for name in names]


def _choices(form: Any, field: Any, language: str) -> list[tuple[str, str]]:
    offered = form.ask_one_of.get(field.name)
    return [
        (choice.name, choice.label.text(language) or choice.name)
        for choice in field.choices
        if offered is None or choice.name in offered
    ]


def _page(form: Any, entered: Mapping[str, Any], problems: Sequence[Problem], status: int = 200) -> Response:
    language = _language()
    asked = _asked(form)
    told: dict[str, list[str]] = {}
    for problem in problems:
        name = problem.field if problem.field in {field.name for field in asked} else ""
        told.setdefault(name, []).append(problem.what(language))
    rows = [
        {
            "name": field.name,
            "label": field.label.text(language) or field.name,
            "help": field.help.text(language),
            "input": INPUTS[field.type],
            "complete": COMPLETES.get(field.type) or NAMES.get(field.name, "off"),
            "required": field.required or field.name in form.required or field.name in form.ask_one_of,
            "choices": _choices(form, field, language),
            "value": entered.get(field.name, ""),
            "longest": field.max_length,
            "accept": ",".join(("image/*",) if field.type == "image" else field.options.get("accept") or ()),
            "problems": told.get(field.name, []),
        }
        for field in asked
    ]
    # A page sent before needs a token of its own to be sent again.
    again = any(problem.code == "H036" for problem in problems)
    token = "" if again else request.form.get(TOKEN, "")
    return _answer("form.html", form, status, rows=rows, problems=told, token=token or secrets.token_urlsafe(24))


def _thanks(form: Any) -> Response:
    return _answer("thanks.html", form, 200, thanks=form.public.thanks.text(_language()))


def _answer(template: str, form: Any, status: int, **more: Any) -> Response:
    language = _language()
    words = {name: text[language] for name, text in WORDS.items()}
    about = {"title": form.label.text(language) or form.name, "summary": form.summary.text(language)}
    other = "zh" if language == "en" else "en"
    text = render_template(
        template,
        language=language,
        other=other,
        words=words,
        trap=TRAP,
        token_name=TOKEN,
        path=form.public.path,
        **about,
        **more,
    )
    response = Response(text, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors *"
    )
    return response
