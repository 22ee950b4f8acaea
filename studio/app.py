"""The Flask application: registers blueprints, nothing else. Floor: 7."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from engine.api import Engine
from studio import act, answers, auth, forms, hooks, pages, tracked
from studio.api import (
    approvals,
    boards,
    changes,
    connections,
    dashboards,
    duplicates,
    export,
    files,
    filters,
    health,
    imports,
    inbox,
    merges,
    metrics,
    model,
    notifications,
    openapi,
    records,
    revisions,
    runs,
    session,
    templates,
    transitions,
)
from studio.front import Front

BLUEPRINTS = (
    health,
    hooks,
    act,
    forms,
    tracked,
    pages,
    session,
    model,
    records,
    transitions,
    approvals,
    boards,
    duplicates,
    merges,
    metrics,
    dashboards,
    revisions,
    templates,
    runs,
    imports,
    files,
    connections,
    inbox,
    export,
    filters,
    notifications,
    changes,
    openapi,
)

#: What comes often, by the path before its last part: see ``studio.front``.
WAYS = {"/hooks": hooks.quickly, records.PREFIX: records.quickly}

#: A body above this is refused before it is read.
MAX_BODY = 1024 * 1024


def create_app(engine: Engine, *, secure_cookies: bool = False) -> Flask:
    """The WSGI application over an opened engine; ``secure_cookies`` where TLS is in front."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, ENGINE=engine, SECURE_COOKIES=secure_cookies)
    app.config["STATIC"] = Path(__file__).parent / "static"
    answers.install(app)
    auth.install(app)
    hooks.install(app)
    act.install(app)
    forms.install(app)
    tracked.install(app)
    for module in BLUEPRINTS:
        app.register_blueprint(module.blueprint)
    app.wsgi_app = Front(app, app.wsgi_app, WAYS)  # type: ignore[method-assign]
    return app
