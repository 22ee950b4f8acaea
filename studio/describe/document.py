"""The whole OpenAPI description, cut to what the reader may see. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Flask

from engine.api import Engine
from engine.facts import Actor
from studio.describe.paths import content, entity_paths, query, responses, transition_path
from studio.describe.routes import names_of, rest
from studio.describe.schemas import FILE, ONE_PROBLEM, PROBLEM, Json, entity_schemas

PERIOD = [
    query("from", "First day, ISO.", type="string", format="date"),
    query("to", "Last day, ISO.", type="string", format="date"),
    query("each", "Split by time.", type="string", enum=["day", "week", "month"]),
    query("by", "Split by an expression the metric declares."),
]


def describe(app: Flask, engine: Engine, actor: Actor, language: str) -> Json:
    """OpenAPI 3.1 for this site: one schema per entity the actor may read, every address of the application."""
    manifest = engine.manifest
    schemas: dict[str, Json] = {"Problem": PROBLEM, "OneProblem": ONE_PROBLEM, "File": FILE}
    paths: dict[str, Json] = {}
    readable = []
    for entity in manifest.entities.values():
        access = engine.access(actor, entity.name)
        if access.read is False:
            continue
        readable.append(entity.name)
        label = entity.label.text(language) or entity.name
        schemas |= entity_schemas(engine, entity, access.hidden, language)
        paths |= entity_paths(entity, label)
        for machine in manifest.machines_of(entity.name):
            for transition in machine.transitions.values():
                paths |= transition_path(entity.name, machine, transition, label, language)
    signed_in = bool(actor.login)
    numbers = (("metrics", manifest.metrics), ("dashboards", manifest.dashboards)) if signed_in else ()
    for kind, names in numbers:
        for name, document in names.items():
            paths[f"/api/v1/{kind}/{name}"] = _number(kind, name, document.label.text(language) or name)
    paths["/healthz"] = {"get": _plain("healthz", "The process answers", public=True)}
    paths["/readyz"] = {"get": _plain("readyz", "The database answers and a revision runs", public=True)}
    paths |= rest(app, paths, names_of(manifest, readable), signed_in)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{manifest.site.label.text(language) or manifest.site.name} · Flowloom",
            "version": str(engine.revision),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "flowloom_session"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _number(kind: str, name: str, label: str) -> Json:
    return {
        "get": {
            "operationId": f"{kind}_{name}",
            "tags": [kind],
            "summary": label,
            "parameters": PERIOD,
            "responses": responses({"200": content({"type": "object"}, label)}, "422"),
        }
    }


def _plain(operation: str, summary: str, public: bool = False) -> Json:
    described: dict[str, Any] = {
        "operationId": operation,
        "summary": summary,
        "responses": responses({"200": content({}, summary)}),
    }
    if public:
        described["security"] = []
        described["responses"] = {"200": content({}, summary), "503": {"description": "Not now"}}
    return described
