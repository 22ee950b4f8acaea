"""init, demo, serve, sign-in, token: from an empty folder to a page in the browser. Floor: 7."""

from __future__ import annotations

import datetime as dt
import shlex
import threading
from pathlib import Path

import click

from engine.api import Engine, Workbench, fill_with_samples, new_site
from engine.cli.clockwork import keep_time
from engine.cli.speech import Speech
from engine.errors import Problem, WrongUsage

DEMO = Path("demo")
PORT = click.IntRange(1, 65535)


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="", help="公司名称 · the company's name")
@click.option("--pack", "packs", multiple=True, default=("crm",), help="要安装的包 · packs to install")
@click.option("--admin", default="admin", help="管理员登录名 · the administrator's login")
@click.pass_obj
def init_command(speech: Speech, folder: Path, name: str, packs: tuple[str, ...], admin: str) -> None:
    """新建一个站点 · make a new site: flowloom init mycrm."""
    made = new_site(folder, name or folder.name, packs, admin=admin)
    if speech.as_json:
        speech.give({"folder": str(folder), "files": made})
        return
    for path in made:
        speech.show(path)
    command = f"flowloom -C {shlex.quote(str(folder))} serve"
    speech.say(f"接下来: {command}", f"next: {command}")


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8630, show_default=True, type=PORT)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEMO,
    help="放示例站点的文件夹 · where to put it",
)
@click.pass_obj
def demo_command(speech: Speech, host: str, port: int, folder: Path) -> None:
    """带示例数据启动,打印登录链接 · start with sample data and print a sign-in link."""
    if not (folder / "site.yaml").is_file():
        speech.say(
            "正在准备示例站点(200 条线索,一个月的历史)…", "preparing the sample site (200 leads, a month of history)…"
        )
        with speech.progress("写入示例", "writing samples") as advance:
            fill_with_samples(folder, advance)
    _serve(speech, folder, host, port, "zhaomin")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8630, show_default=True, type=PORT)
@click.option("--login", default="admin", show_default=True, help="给谁打印登录链接 · whom to print a link for")
@click.option("--behind-tls", is_flag=True, help="前面有 HTTPS 反向代理 · TLS ends in front of us")
@click.pass_obj
def serve_command(speech: Speech, host: str, port: int, login: str, behind_tls: bool) -> None:
    """启动服务 · serve the site."""
    Workbench(speech.site)
    _serve(speech, speech.site, host, port, login, behind_tls)


@click.command("sign-in")
@click.argument("login")
@click.option("--url", default="http://127.0.0.1:8630", show_default=True)
@click.pass_obj
def sign_in_command(speech: Speech, login: str, url: str) -> None:
    """打印一次性登录链接 · print a one-time link."""
    with Engine.open(speech.site) as engine:
        link = _link(engine, login, url)
    if speech.as_json:
        speech.give({"link": link})
    else:
        speech.show(link)


@click.command("token")
@click.argument("login")
@click.option("--label", default="api", show_default=True, help="给谁用,便于辨认 · what it is for")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="几天有效 · valid for days")
@click.pass_obj
def token_command(speech: Speech, login: str, label: str, days: int) -> None:
    """给程序用的接口令牌,权限就是这个人的 · a token for programs, with this person's rights."""
    with Engine.open(speech.site) as engine:
        secret = engine.people.token(login, label, dt.timedelta(days=days))
    if secret is None:
        raise WrongUsage(Problem("C007", parameters={"login": login}))
    if speech.as_json:
        speech.give({"token": secret, "label": label, "days": days})
    else:
        speech.show(secret)


def _link(engine: Engine, login: str, url: str) -> str:
    token = engine.people.invite(login)
    if token is None:
        raise WrongUsage(Problem("C007", parameters={"login": login}))
    return f"{url.rstrip('/')}/in/{token}"


def _serve(speech: Speech, folder: Path, host: str, port: int, login: str, behind_tls: bool = False) -> None:
    from studio.app import create_app
    from studio.serve import need_port, serve

    need_port(host, port)
    with Engine.open(folder) as engine:
        engine.revisions.publish_if_new()
        for problem in engine.revisions.folder_problems():
            speech.say(problem.text("zh"), problem.text("en"))
        link = _link(engine, login, f"http://{host}:{port}")
        print(
            speech.word(
                f"Flowloom 已启动。打开这个一次性链接登录({login}):",
                f"Flowloom is up. Open this one-time link ({login}):",
            )
        )
        print(f"\n  {link}\n", flush=True)
        stop = threading.Event()
        clockwork = threading.Thread(target=keep_time, args=(engine, stop, True), name="clockwork", daemon=True)
        clockwork.start()
        engine.runs.start(pages=True)
        try:
            serve(create_app(engine, secure_cookies=behind_tls), host, port)
        finally:
            stop.set()
            clockwork.join(5)
            engine.runs.stop()
