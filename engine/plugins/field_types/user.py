"""user. Floor: 4."""

from __future__ import annotations

from engine.plugins.field_types.link import Link


class User(Link):
    """A person who works here: a link to ``user``."""

    name = "user"
    title = {"zh": "人员", "en": "User"}
    example = "owner: {type: user, label: {zh: 负责人}}"
