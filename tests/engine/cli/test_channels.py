"""connection and inbox on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.main import run
from tests.company import Company
from tests.studio.channel_site import furnish, lead


@pytest.fixture
def site(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    return furnish(company, monkeypatch)


def test_a_sample_is_tried_and_what_waits_is_listed_and_replayed(
    site: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.plugins.slots import Delivery

    sample = tmp_path / "sample.json"
    sample.write_bytes(lead())
    site_flag = ["-C", str(site.folder)]
    assert run([*site_flag, "connection", "try", "website", str(sample)]) == 0
    said = capsys.readouterr().out
    assert "会新建" in said and "+8613800138000" in said
    sample.write_bytes(lead(mobile="1"))
    assert run([*site_flag, "connection", "try", "website", str(sample)]) == 1
    assert "R0" in capsys.readouterr().out
    site.engine.channels.keep("website", [Delivery("m1", {"data": {"mobile": "1"}}, b'{"data": {"mobile": "1"}}')])
    assert run([*site_flag, "inbox"]) == 0
    assert '"mobile": "1"' in capsys.readouterr().out
    sample.write_bytes(lead())
    assert run([*site_flag, "inbox", "replay", "1", "--input", str(sample)]) == 0
    assert "done" in capsys.readouterr().out
    assert run([*site_flag, "inbox"]) == 0
    assert "没有" in capsys.readouterr().out
    assert run([*site_flag, "connection"]) == 0
    assert "/f/contact-us" in capsys.readouterr().out
    assert run([*site_flag, "connection", "embed", "contact_us", "--url", "https://crm.example.com"]) == 0
    assert 'src="https://crm.example.com/f/contact-us/embed.js"' in capsys.readouterr().out
    assert run([*site_flag, "connection", "try", "nothing", str(sample)]) == 2
