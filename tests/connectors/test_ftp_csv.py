"""Tables on a real FTP server on this machine: whole files only, every row once, whatever happens in between."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import folder
from connectors.folder import plain
from connectors.ftp_csv import FtpCsv
from engine.api import Engine, Look
from engine.clock import UTC, VirtualClock
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from engine.plugins.slots import Delivery, Page, Undone
from tests.company import Company
from tests.connectors.certificates import certificate
from tests.connectors.ftp_peer import Peer, ftp_server

ROOT = Path(__file__).resolve().parents[2]
ATTACKS = ROOT.parent / "shared" / "data" / "attacks"
HEADING = "单位,手机\r\n"


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    with ftp_server(tmp_path / "ftp") as made:
        yield made


class Reader:
    """Polls as the engine does, keeping the cursor as JSON."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.cursor = settings, None
        self.pages: list[Page] = []

    def poll(self) -> list[Delivery]:
        found: list[Delivery] = []
        for page in FtpCsv().poll(self.settings, self.cursor):
            self.pages.append(page)
            found += page.deliveries
            self.cursor = json.loads(json.dumps(page.cursor))
        return found

    def rows(self) -> list[Any]:
        return [one.content for one in self.poll()]


def test_every_row_of_a_new_file_is_a_delivery_with_its_file_and_row(peer: Peer) -> None:
    peer.put("展会.csv", HEADING + "锐视光学,13800138000\r\n\r\n青禾口腔,13800138001\r\n")
    reader = Reader(peer.settings())
    found = reader.poll()
    assert [one.content for one in found] == [
        {"单位": "锐视光学", "手机": "13800138000"},
        {"单位": "青禾口腔", "手机": "13800138001"},
    ]
    assert [dict(one.facts) for one in found] == [
        {"file": {"name": "展会.csv"}, "row": 2},
        {"file": {"name": "展会.csv"}, "row": 4},
    ]
    assert FtpCsv().read(found[0].body, found[0].kind) == found[0].content
    assert reader.poll() == [] and peer.downloads() == 1
    assert FtpCsv().probe(peer.settings()) == "1 × *.csv *.xlsx"


def test_fault_073_the_same_file_twice_and_under_another_name_has_no_effect(peer: Peer) -> None:
    text = HEADING + "锐视光学,13800138000\r\n"
    peer.put("a.csv", text)
    reader = Reader(peer.settings())
    first = reader.poll()
    peer.put("b.csv", text)
    os.utime(peer.put("a.csv", text), (1, 1))
    assert reader.poll() == []
    (peer.folder / "a.csv").unlink()
    (peer.folder / "b.csv").unlink()
    assert reader.poll() == [] and reader.cursor["seen"] == {}
    peer.put("c.csv", text)
    assert reader.poll() == []
    # The same name with a row more: the row that came is known by its key, the new one is new.
    peer.put("c.csv", text + "青禾口腔,13800138001\r\n")
    again = reader.poll()
    assert again[0].key == first[0].key and len(again) == 2


def test_equal_rows_of_one_file_are_two_and_each_file_can_count_for_itself(peer: Peer) -> None:
    peer.put("a.csv", HEADING + "甲,1\r\n甲,1\r\n")
    peer.put("b.csv", HEADING + "甲,1\r\n")
    keys = [one.key for one in Reader(peer.settings()).poll()]
    assert len(keys) == 3 and len(set(keys)) == 2
    assert len({one.key for one in Reader(peer.settings(repeats="each_file")).poll()}) == 3
    peer.put("c.csv", "编号,单位\r\nA-1,甲\r\nA-1,乙\r\n")
    keyed = [one.key for one in Reader(peer.settings(files="c.csv", key="编号")).poll()]
    assert len(set(keyed)) == 2 and all(each.startswith("A-1:") for each in keyed)


def test_fault_073_a_file_that_is_still_being_uploaded_waits(peer: Peer) -> None:
    path = peer.put("a.csv", HEADING + "锐视光学,13800138000\r\n")
    stop = threading.Event()

    def upload() -> None:
        with path.open("ab") as file:
            while not stop.wait(0.02):
                file.write("青禾口腔,13800138001\r\n".encode())
                file.flush()

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        reader = Reader(peer.settings(settle=0.3))
        assert reader.poll() == []
    finally:
        stop.set()
        thread.join()
    assert len(reader.poll()) > 1


def test_fault_073_with_a_marker_only_files_that_have_theirs_are_taken(peer: Peer) -> None:
    peer.put("a.csv", HEADING + "甲,1\r\n")
    peer.put("b.csv", HEADING + "乙,2\r\n")
    peer.put("b.csv.ok", b"")
    reader = Reader(peer.settings(marker=".ok", settle=60))
    assert [row["单位"] for row in reader.rows()] == ["乙"]
    peer.put("a.csv.ok", b"")
    assert [row["单位"] for row in reader.rows()] == ["甲"]


def test_fault_073_half_a_file_and_a_lie_about_its_length_are_never_taken(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.put("a.csv", HEADING + "".join(f"公司{n},{n}\r\n" for n in range(2000)))
    reader = Reader(peer.settings())
    peer.cut = 1000
    with pytest.raises(Undone) as broken:
        reader.poll()
    assert not broken.value.final and reader.pages == []
    from connectors import ftp_csv

    original = ftp_csv._Session.entries
    lies = [7]
    monkeypatch.setattr(
        ftp_csv._Session,
        "entries",
        lambda self: [
            folder.Entry(e.name, e.path, e.size - (lies[0] if lies else 0), e.modified) for e in original(self)
        ],
    )
    with pytest.raises(Undone, match="R112"):
        reader.poll()
    assert reader.pages == []
    lies.clear()
    assert len(reader.poll()) == 2000


def test_fault_073_an_empty_one_and_one_nobody_can_read_wait_for_a_person_and_stop_nothing(peer: Peer) -> None:
    peer.put("a.csv", b"")
    peer.put("b.csv", b"\xff\xfe\x00\x81\xff\xff" * 50)
    peer.put("c.csv", "单位,单位\r\n甲,乙\r\n")
    peer.put("d.csv", HEADING + '甲,"' + "x" * 200_000 + '"\r\n')
    peer.put("e.csv", HEADING + "甲,1\r\n")
    peer.put("f.xlsx", b"PK\x03\x04 not a workbook")
    found = Reader(peer.settings()).poll()
    problems = {str(one.facts["file"]["name"]): one.problem.line("zh") for one in found if one.problem is not None}
    assert [one.content for one in found if one.problem is None] == [{"单位": "甲", "手机": "1"}]
    assert problems == {
        "a.csv": "a.csv I002 文件是空的",
        "b.csv": "b.csv I001 文件既不是 UTF-8 也不是 GB18030(GBK)文本 -> 在 Excel 里另存为「CSV UTF-8」或 .xlsx 再导入",
        "c.csv": "c.csv:1:2 I004 列名「单位」出现了两次(第 1 列和第 2 列) -> 给其中一列改名",
        "d.csv": "d.csv I042 表格读不下去: field larger than field limit (131072) -> 用 Excel 打开,另存为 CSV UTF-8",
        "f.xlsx": "f.xlsx I005 这个 Excel 文件打不开 -> 在 Excel 里打开并另存一次;加密的文件请先去掉密码",
    }


def test_fault_073_a_file_that_is_too_large_is_not_fetched_and_told_once(peer: Peer) -> None:
    with (peer.folder / "big.csv").open("wb") as file:
        file.truncate(2_100_000_000)
    reader = Reader(peer.settings())
    (one,) = reader.poll()
    assert one.problem is not None and one.problem.line("zh") == (
        "I041 big.csv 有 2100 MB,超过 100 MB,没有取 -> 请对方分成几个文件;确实需要就调大连接的 largest"
    )
    assert reader.poll() == [] and peer.downloads() == 0


def test_fault_073_names_in_gbk_and_names_that_lead_elsewhere(tmp_path: Path) -> None:
    with ftp_server(tmp_path / "ftp", encoding="gb18030") as peer:
        (peer.folder / "子").mkdir()
        peer.put("子/展会线索.csv", HEADING + "甲,1\r\n")
        (one,) = Reader(peer.settings(encoding="gb18030", folder="/子")).poll()
        assert one.facts["file"]["name"] == "展会线索.csv"
    names = [
        "../a.csv",
        "..",
        "a/b.csv",
        "a\\b.csv",
        "/etc/passwd",
        "a\0.csv",
        "a\r\nDELE x.csv",
        ".csv",
        "C:a.csv",
        "\u202egpj.csv",
        "x" * 300 + ".csv",
    ]
    assert [name for name in names if plain(name)] == []
    if ATTACKS.is_dir():
        for one in json.loads((ATTACKS / "path-traversal.json").read_text("utf-8")):
            payload = one["payload"]
            assert not plain(payload) or not any(each in payload for each in "/\\\0"), payload


def test_gb18030_bom_tabs_and_workbooks(peer: Peer) -> None:
    from openpyxl import Workbook

    peer.put("a.csv", (HEADING + "锐视光学㐀,1\r\n").encode("gb18030"))
    peer.put("b.csv", b"\xef\xbb\xbf" + (HEADING + "青禾口腔,2\r\n").encode())
    peer.put("c.csv", "单位\t手机\r\n乐齿\t3\r\n")
    book = Workbook()
    for row in (["单位", "手机"], ["明德医院", 13800138000], ["日期", dt.date(2026, 1, 5)]):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    peer.put("d.xlsx", kept.getvalue())
    peer.put("e.csv", kept.getvalue() + b"")
    rows = [tuple(row.values()) for row in Reader(peer.settings()).rows()]
    assert rows == [
        ("锐视光学㐀", "1"),
        ("青禾口腔", "2"),
        ("乐齿", "3"),
        ("明德医院", "13800138000"),
        ("日期", "2026-01-05"),
    ]


def test_a_workbook_that_would_unpack_to_far_more_is_not_opened(peer: Peer) -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/sharedStrings.xml", "w") as part:
        for _ in range(510):
            part.write(b" " * 1_000_000)
    peer.put("a.xlsx", kept.getvalue())
    begun = time.monotonic()
    (one,) = Reader(peer.settings()).poll()
    assert one.problem is not None and one.problem.line("zh") == "a.xlsx I044 工作簿解压后超过 500 MB,没有打开"
    assert time.monotonic() - begun < 20


def test_archives_that_lead_out_of_their_folder_write_nothing(peer: Peer, tmp_path: Path) -> None:
    archives = sorted((ATTACKS / "archives").glob("*.zip"))
    if not archives:
        pytest.skip("the archives of ../shared/data/attacks are not here")
    for path in archives:
        peer.put(f"{path.name}.xlsx", path.read_bytes())
    before = set(tmp_path.rglob("*"))
    found = Reader(peer.settings()).poll()
    assert all(one.problem is not None and one.problem.code == "I005" for one in found) and found
    assert set(tmp_path.rglob("*")) == before


def test_a_row_with_more_cells_than_the_heading_waits_with_its_row_number(peer: Peer) -> None:
    peer.put("a.csv", HEADING + "甲,1\r\n乙,公司,2\r\n丙,3,,\r\n")
    found = Reader(peer.settings()).poll()
    assert [one.problem.line("zh") if one.problem else None for one in found] == [
        None,
        "I040 a.csv 第 3 行比表头多 1 格 -> 多半是内容里的逗号没有加引号;改好这一行再来一次",
        None,
    ]


def test_a_poll_that_ends_in_the_middle_of_a_file_goes_on_at_the_next_row(peer: Peer) -> None:
    peer.put("a.csv", HEADING + "".join(f"公司{n},{n}\r\n" for n in range(55)))
    reader = Reader(peer.settings())
    session = FtpCsv().poll(reader.settings, None)
    first = next(session)
    session.close()
    assert len(first.deliveries) == folder.ROWS and first.cursor["reading"]["row"] == folder.ROWS + 1
    reader.cursor = first.cursor
    assert [row["手机"] for row in reader.rows()] == [str(n) for n in range(20, 55)]
    # With other content meanwhile it begins anew; keys keep what came from counting twice.
    reader.cursor = first.cursor
    peer.put("a.csv", HEADING + "".join(f"公司{n},{n}\r\n" for n in range(10)))
    assert [row["手机"] for row in reader.rows()] == [str(n) for n in range(10)]


def test_wrong_password_wrong_folder_nobody_there_and_addresses_that_may_not_be_reached(peer: Peer) -> None:
    for settings, code, final in (
        (peer.settings(password="x"), "R113", True),
        (peer.settings(folder="/nowhere"), "R113", True),
        (peer.settings(folder="/a\r\nDELE b"), "R113", True),
        (peer.settings(port=1), "R112", False),
        (peer.settings(networks=[]), "R111", True),
        (peer.settings(host="169.254.169.254", networks=["0.0.0.0/0"]), "R111", True),
    ):
        with pytest.raises(Undone) as refused:
            Reader(settings).poll()
        assert (refused.value.problems[0].code, refused.value.final) == (code, final), settings
    assert not [line for line in peer.asked if line.startswith("DELE")]


def test_a_server_that_says_its_data_are_somewhere_else_is_not_believed(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors import ftp_csv

    went: list[str] = []
    original = ftp_csv.connect
    monkeypatch.setattr(ftp_csv, "connect", lambda host, *more: went.append(host) or original(host, *more))
    monkeypatch.setattr("pyftpdlib.handlers.FTPHandler.masquerade_address", "169.254.169.254", raising=False)
    peer.put("a.csv", HEADING + "甲,1\r\n")
    assert len(Reader(peer.settings()).poll()) == 1
    assert set(went) == {"127.0.0.1"}


def test_an_old_server_that_knows_no_mlsd(tmp_path: Path) -> None:
    with ftp_server(tmp_path / "ftp", without=("MLSD",)) as peer:
        (peer.folder / "inner").mkdir()
        peer.put("a.csv", HEADING + "甲,1\r\n")
        reader = Reader(peer.settings())
        assert len(reader.poll()) == 1 and reader.poll() == []


def test_fault_073_over_tls_and_with_a_certificate_that_ran_out(tmp_path: Path) -> None:
    good = certificate(tmp_path / "good.pem")
    with ftp_server(tmp_path / "ftp", certificate=good) as peer:
        peer.put("a.csv", HEADING + "甲,1\r\n")
        assert len(Reader(peer.settings(security="tls", authority=str(good))).poll()) == 1
        with pytest.raises(Undone) as unknown:
            Reader(peer.settings(security="tls")).poll()
        assert (unknown.value.problems[0].code, unknown.value.final) == ("R115", True)
    over = certificate(tmp_path / "over.pem", days=-1)
    with ftp_server(tmp_path / "ftp2", certificate=over) as peer:
        with pytest.raises(Undone) as refused:
            Reader(peer.settings(security="tls", authority=str(over))).poll()
        assert refused.value.problems[0].code == "R115" and "expired" in refused.value.problems[0].what("zh")


def names(where: Path) -> list[str]:
    return sorted(each.name for each in where.iterdir() if each.is_file())


@pytest.fixture
def free(tmp_path: Path) -> Iterator[Peer]:
    """A server where we may do more than look."""
    with ftp_server(tmp_path / "free", may="elrdfmw") as made:
        yield made


def test_what_was_taken_is_moved_or_deleted_and_what_was_not_stays(free: Peer) -> None:
    free.put("a.csv", HEADING + "甲,1\r\n")
    free.put("bad.csv", b"\xff\xfe\x00\x81\xff\xff" * 50)
    free.put("other.txt", b"ours")
    reader = Reader(free.settings(after="move"))
    assert [one.problem is None for one in reader.poll()] == [True, False]
    # A file nobody could read to its end is not put away: a person has to look at it.
    assert names(free.folder) == ["bad.csv", "other.txt"]
    (moved,) = names(free.folder / "done")
    assert moved.startswith("a.") and moved.endswith(".csv") and len(moved) == len("a.12345678.csv")
    # The same content again has no effect, and lies there once; other content under the same name lies beside it.
    free.put("a.csv", HEADING + "甲,1\r\n")
    assert reader.poll() == [] and names(free.folder / "done") == [moved]
    free.put("a.csv", HEADING + "乙,2\r\n")
    assert len(reader.poll()) == 1 and len(names(free.folder / "done")) == 2
    free.put("c.csv", HEADING + "丙,3\r\n")
    free.put("c.csv.ok", b"")
    assert len(Reader(free.settings(after="delete", marker=".ok")).poll()) == 1
    assert names(free.folder) == ["bad.csv", "other.txt"]


def test_fault_074_a_kill_between_keeping_the_rows_and_moving_the_file_takes_no_row_twice(free: Peer) -> None:
    for way in ("move", "delete"):
        free.put(f"{way}.csv", HEADING + f"{way},1\r\n")
        reader = Reader(free.settings(after=way, files=f"{way}.csv"))
        session = FtpCsv().poll(reader.settings, None)
        page = next(session)
        assert names(free.folder) == [f"{way}.csv"], "nothing is moved before the page is kept"
        session.close()  # type: ignore[attr-defined]
        reader.cursor = json.loads(json.dumps(page.cursor))
        assert reader.poll() == [] and names(free.folder) == []


def test_a_file_that_was_changed_after_it_was_read_is_not_put_away(free: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    free.put("a.csv", HEADING + "甲,1\r\n")
    reader = Reader(free.settings(after="delete"))
    original = folder._rows

    def rows(*given: Any) -> Iterator[Page]:
        free.put("a.csv", HEADING + "甲,1\r\n乙,2\r\n")
        yield from original(*given)

    monkeypatch.setattr(folder, "_rows", rows)
    assert len(reader.poll()) == 1 and names(free.folder) == ["a.csv"]
    monkeypatch.undo()
    assert len(reader.poll()) == 2 and names(free.folder) == []


def test_where_nothing_may_be_moved_the_rows_are_taken_and_the_reason_is_told(peer: Peer) -> None:
    peer.put("a.csv", HEADING + "甲,1\r\n")
    reader = Reader(peer.settings(after="move"))
    found: list[Delivery] = []
    with pytest.raises(Undone) as refused:
        for page in FtpCsv().poll(reader.settings, None):
            found += page.deliveries
            reader.cursor = page.cursor
    assert len(found) == 1 and not refused.value.final
    assert refused.value.problems[0].line("zh") == (
        "I051 a.csv 已经取完,但在对方那里动不了: 对方回了 550:Not enough privileges. -> "
        "请对方给这个账号改名和删除的权限,或写 after: keep;行不会重复收"
    )
    with pytest.raises(Undone):
        assert reader.poll() == []


CONNECTION = """\
kind: connection
name: expo
label: {{zh: 展会, en: Expo}}
connector: ftp_csv
settings: {{host: 127.0.0.1, port: {port}, user: crm, password: "=secret.EXPO_FTP", security: none, settle: 0s, networks: [127.0.0.1/32]}}
schedule: "0 3 * * *"
into: lead
map: {{company: 单位, phone: 手机}}
set: {{source: referral, campaign: "{{{{ file.name }}}}:{{{{ row }}}}"}}
match_on: [phone]
expect: {{by: "03:30"}}
"""


def publish(company: Company, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPO_FTP", "口令")
    path = company.folder / "custom" / "expo.yaml"
    path.write_text(CONNECTION.format(port=peer.port), "utf-8")
    problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
    assert not problems, problems
    company.engine.revisions.publish("expo")


def leads(engine: Engine) -> list[Any]:
    found, cursor = [], None
    while True:
        page = engine.list(SYSTEM, "lead", Look(limit=100, cursor=cursor))
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def test_fault_073_every_night_at_three_rows_become_leads_a_broken_one_waits_with_its_row_and_silence_is_told(
    company: Company, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(company, peer, monkeypatch)
    peer.put("a.csv", HEADING + "锐视光学,13800138000\r\n坏号,1380\r\n=cmd|' /C calc'!A0,13800138001\r\n")
    company.clock.move_to(dt.datetime(2026, 1, 5, 19, 0, tzinfo=UTC))  # 03:00 in Shanghai
    company.engine.tick()
    company.engine.runs.work()
    found = {str(each.values["company"]): each.values for each in leads(company.engine)}
    assert set(found) == {"锐视光学", "=cmd|' /C calc'!A0"} and found["锐视光学"]["campaign"] == "a.csv:2"
    (waiting,) = company.engine.channels.deliveries(SYSTEM)
    assert waiting["facts"] == {"file": {"name": "a.csv"}, "row": 3} and "R031" in waiting["reason"]
    # What goes out to a spreadsheet again is made harmless there.
    sheet = b"".join(company.engine.export(SYSTEM, "lead", "csv", Look())).decode("utf-8-sig")
    assert "'=cmd|" in sheet
    for day, hour, minute in ((5, 19, 31), (6, 19, 0), (6, 19, 31)):
        company.clock.move_to(dt.datetime(2026, 1, day, hour, minute, tzinfo=UTC))
        company.engine.tick()
        company.engine.runs.work()
    told = [one["title"] for one in company.engine.people.notifications(company.actor("admin"))]
    assert told == ["展会 该来没来,上次应到时间 2026-01-07 03:30"]


def test_a_trial_shows_what_a_file_would_bring(company: Company, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(company, peer, monkeypatch)
    body = (HEADING + "锐视光学,13800138000\r\n坏号,1380\r\n乙,公司,2\r\n").encode("gb18030")
    tried = company.engine.channels.trial(SYSTEM, "expo", body, "text/csv", "leads.csv")
    assert [one["action"] for one in tried] == ["created", "refused", "refused"]
    assert tried[0]["values"]["campaign"] == "leads.csv:2" and tried[2]["problems"][0].code == "I040"
    assert leads(company.engine) == []


DRIVER = """
import sys
sys.path.insert(0, {root!r})
import datetime as dt
from engine.api import Engine
from engine.clock import UTC, VirtualClock
clock = VirtualClock(dt.datetime(2026, 1, 5, 19, 0, tzinfo=UTC))
with Engine.open({folder!r}, clock=clock) as engine:
    engine.tick()
    engine.runs.work()
"""


@pytest.mark.parametrize("point", ["before_commit:11", "after_commit:11", "before_commit:13", "after_commit:14"])
def test_fault_074_killed_in_the_middle_of_a_file_it_goes_on_there_and_no_row_is_there_twice(
    company: Company, peer: Peer, monkeypatch: pytest.MonkeyPatch, registry: Registry, point: str
) -> None:
    publish(company, peer, monkeypatch)
    peer.put("a.csv", HEADING + "".join(f"公司{n},138{n:08}\r\n" for n in range(130)))
    company.engine.close()
    text = DRIVER.format(root=str(ROOT), folder=str(company.folder))
    died = subprocess.run([sys.executable, "-c", text], env={**os.environ, "FLOWLOOM_FAILPOINT": point}, timeout=120)
    assert died.returncode == -signal.SIGKILL
    later = VirtualClock(dt.datetime(2026, 1, 5, 19, 5, tzinfo=UTC))
    with Engine.open(company.folder, clock=later, registry=registry) as engine:
        before = len(leads(engine))
        assert 0 < before < 130
        engine.tick()
        engine.runs.work()
        numbers = [str(each.values["campaign"]) for each in leads(engine)]
        assert sorted(numbers) == sorted(f"a.csv:{n}" for n in range(2, 132))
        listed = engine.channels.listing(SYSTEM)
    # What was kept before the kill was not even looked at again.
    assert next(one for one in listed if one["name"] == "expo")["poll"]["came"] == 130


@pytest.mark.parametrize("point", ["after_commit:9", "before_commit:10"])
def test_fault_074_killed_around_the_last_commit_the_file_is_put_away_later_and_no_row_is_there_twice(
    company: Company, free: Peer, monkeypatch: pytest.MonkeyPatch, registry: Registry, point: str
) -> None:
    monkeypatch.setattr(
        "tests.connectors.test_ftp_csv.CONNECTION", CONNECTION.replace("settle: 0s", "settle: 0s, after: delete")
    )
    publish(company, free, monkeypatch)
    free.put("a.csv", HEADING + "甲,13800138000\r\n乙,13800138001\r\n")
    company.engine.close()
    text = DRIVER.format(root=str(ROOT), folder=str(company.folder))
    died = subprocess.run([sys.executable, "-c", text], env={**os.environ, "FLOWLOOM_FAILPOINT": point}, timeout=120)
    # Rows kept and the file not yet put away; put away and not yet told that the look is over.
    assert died.returncode == -signal.SIGKILL
    later = VirtualClock(dt.datetime(2026, 1, 5, 19, 5, tzinfo=UTC))
    with Engine.open(company.folder, clock=later, registry=registry) as engine:
        engine.tick()
        engine.runs.work()
        assert names(free.folder) == []
        assert sorted(str(each.values["campaign"]) for each in leads(engine)) == ["a.csv:2", "a.csv:3"]
