"""Tables that people bring themselves. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from connectors import folder
from connectors.folder import Tables
from engine.plugins.slots import Connector


class Upload(Tables, Connector):
    """Takes CSV and XLSX files that somebody hands over: `flowloom connection upload NAME FILE`. Every row is a delivery like any other:
    kept first, then worked off by the connection's `map`; a row that cannot be used waits in the inbox with its file and number. The same
    rows have no effect twice, also when a file is handed over again after it broke off. (`import` asks about a file once and can be undone;
    this is for the file that comes every week.)"""

    name = "upload"
    title: ClassVar[Mapping[str, str]] = {"zh": "上传的表格", "en": "Uploaded tables"}
    offers = frozenset({"upload"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {name: folder.PARAMS[name] for name in ("key", "repeats", "largest")},
        "additionalProperties": False,
    }
    example = """\
kind: connection
name: partner_sheet
connector: upload
settings: {key: 编号}
"""
