"""A real server with a small company, and a real browser with a signed-in page for each of its people."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SystemClock
from tests.browser.desk import Desk
from tests.company import SITE, found

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: The tests run somewhere else than the company works, so that no page shows times of the browser's own zone.
ELSEWHERE = "America/New_York"
STARTS_WITHIN = 30.0
#: Beside the CRM: customers entered by hand need the manager's word.
DESKS = SITE.replace('{crm: "*"}', '{crm: "*", new_customer_approval: "*"}')
#: And giving a lead up needs it too; a partner sends leads, some are told to a system that does not answer at first,
#: and two rules lead to each other without end.
OWN = """\
kind: state_machine
extend: crm.lead_stage
transitions:
  give_up: {{approve: {{by: ["=owner.manager"], mode: all, within: 8h}}}}
---
kind: connection
name: partner
label: {{zh: 合作方, en: Partner}}
connector: webhook
settings: {{secret: "=secret.PARTNER_HOOK", verify: token, header: X-Token, id: no}}
into: lead
map: {{company: unit, phone: mobile}}
set: {{source: referral}}
match_on: [phone]
---
kind: connection
name: scans
label: {{zh: 展会扫码, en: Expo scans}}
connector: ftp_csv
settings: {{host: 127.0.0.1, port: {ftp}, user: crm, password: "=secret.EXPO_FTP", security: none, marker: .ok, networks: ["127.0.0.0/8"]}}
into: lead
map: {{company: 单位, phone: 手机}}
match_on: [phone]
---
kind: connection
name: sheet
label: {{zh: 周表, en: Weekly sheet}}
connector: upload
into: lead
map: {{company: 单位, phone: 手机}}
match_on: [phone]
---
kind: connection
name: erp
label: {{zh: 财务系统, en: Accounts}}
connector: http
settings: {{url: "http://127.0.0.1:{erp}", networks: ["127.0.0.0/8"]}}
---
kind: template
name: hello_mail
label: {{zh: 问候邮件, en: Greeting}}
for: lead
channel: email
subject: "{{{{ company }}}}的方案"
html: |
  <h1>{{{{ contact }}}}您好</h1>
  <p>方案已经整理好，请您过目。</p>
  <p><a class="button" href="https://example.com/v">看三分钟视频</a></p>
track: true
---
kind: trigger
name: tell_erp
label: {{zh: 同步到财务系统, en: Tell the accounts}}
when: {{event: created, entity: lead}}
if: "campaign == 'ERP'"
retry: {{times: 1, wait: 1s}}
do:
  - call: {{connection: erp, path: /leads, json: {{company: "=company"}}}}
---
kind: trigger
name: to_spring
label: {{zh: 改成春季, en: To spring}}
when: {{event: changed, entity: lead, fields: [campaign]}}
if: "campaign == '秋季'"
do: [{{set: {{campaign: 春季}}}}]
---
kind: trigger
name: to_autumn
label: {{zh: 改成秋季, en: To autumn}}
when: {{event: changed, entity: lead, fields: [campaign]}}
if: "campaign == '春季'"
do: [{{set: {{campaign: 秋季}}}}]
"""
SECRET = "partner-token-partner-token-1234"
#: How long a page may take to show what is expected, in milliseconds; a page that shows it costs no waiting.
PATIENCE = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """One browser for the folder; skips with the reason where there is none, or no built pages to show in it."""
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("browser tests need Chromium in the PATH (Debian: apt-get install chromium)")
    if not (ROOT / "studio/static/index.html").is_file():
        pytest.skip("browser tests need the built pages: run `make web`")
    playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need the package playwright")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server did not answer within {STARTS_WITHIN} s")


@pytest.fixture(scope="package")
def server(chromium: Any, tmp_path_factory: pytest.TempPathFactory, registry: Any) -> Iterator[Any]:
    """The company and the address of its server, started as `flowloom serve` starts it. Asked for after the browser,
    so that where there is none nothing is started."""
    folder = tmp_path_factory.mktemp("browser") / "site"
    (folder / "custom").mkdir(parents=True)
    erp, ftp = _free_port(), _free_port()
    (folder / "custom" / "own.yaml").write_text(OWN.format(erp=erp, ftp=ftp), "utf-8")
    secrets = folder / "secrets.env"
    secrets.write_text(f"PARTNER_HOOK={SECRET}\n", "utf-8")
    secrets.chmod(0o600)
    company = found(folder, SystemClock(), registry, site=DESKS)  # type: ignore[arg-type]
    for number, owner in enumerate(("li", "wang", "li", "wang", "li"), 1):
        company.lead(company=f"样例医院{number}", phone=f"1390013900{number}", owner=company.ids[owner])
    port = _free_port()
    command = [
        sys.executable,
        "-c",
        "from engine.cli.main import main; main()",
        "-C",
        str(company.folder),
        "serve",
        "--port",
        str(port),
    ]
    with (company.folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            _until_ready(process, port)
            yield company, f"http://127.0.0.1:{port}", erp, ftp
        finally:
            process.terminate()
            process.wait(10)
            company.engine.close()


@pytest.fixture
def desk(server: Any, chromium: Any) -> Iterator[Desk]:
    """The company at its desks: ``desk.page("li")`` is a page with Li signed in. No page may have thrown anything."""
    company, url, erp, ftp = server
    made = Desk(company, url, chromium, ELSEWHERE, erp=erp, ftp=ftp, secret=SECRET)
    yield made
    made.close()
    assert made.thrown == []
