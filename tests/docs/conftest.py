"""A small copy of the sample site, so that pages can be tried as their readers do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.api import Engine
from engine.facts import SYSTEM
from tests.docs.pages import ROOT

LEADS = ("朗月城西康复中心", "海棠体检中心", "晴川城西眼科医院", "远山城东眼科诊所", "芦溪城西齿科", "东篱北站视光中心")
SHEET = """\
单位,联系人,手机,预算
锐视眼科医院,林明,13805710001,200000
和光口腔门诊,许佳宁,13816000002,
东篱影像中心,何文博,1381600,80000
"""


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``demo`` in it: the sample's site.yaml, some of its people, six leads that wait for their first call."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "demo").mkdir()
    shutil.copyfile(ROOT / "examples/demo/site.yaml", folder / "demo/site.yaml")
    (folder / "展会.csv").write_text(SHEET, "utf-8")
    (folder / "合同.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")
    with Engine.open(folder / "demo") as engine:
        engine.revisions.publish_if_new()
        manager = engine.create(
            SYSTEM, "user", {"login": "zhaomin", "name": "赵敏之", "roles": ["sales_manager"]}
        ).record.id
        for login, role in (("admin", "admin"), ("yunying", "operations"), ("boss", "viewer")):
            engine.create(SYSTEM, "user", {"login": login, "name": login, "roles": [role]})
        rep = {"login": "linyue", "name": "林越", "roles": ["sales"], "manager": manager, "regions": ["浙江"]}
        owner = engine.create(SYSTEM, "user", rep).record.id
        for number, company in enumerate(LEADS):
            phone = f"1380571900{number}"
            engine.create(
                SYSTEM, "lead", {"company": company, "phone": phone, "owner": owner, "next_subject": "首通电话"}
            )
    return folder


@pytest.fixture
def place(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the current folder."""
    shutil.copytree(founded, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"
