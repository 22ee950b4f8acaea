"""team. Floor: 4."""

from __future__ import annotations

from engine.plugins.field_types.link import Link


class Team(Link):
    """A team: a link to ``team``."""

    name = "team"
    title = {"zh": "团队", "en": "Team"}
    example = "team: {type: team}"
