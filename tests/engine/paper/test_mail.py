"""A mail in HTML: what is shown, what is left out, and the words beside it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.paper.mail import MOST, Look, faults, laid_out, words
from engine.paper.tags import LOGO

ATTACKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "attacks"


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def inside(written: str, logo: bool = False) -> str:
    """What stands in the frame."""
    page = laid_out(written, Look(), logo=logo)
    return page.partition('word-break:break-word">')[2].removesuffix(
        "</td></tr></table></td></tr></table></body></html>"
    )


def test_every_tag_carries_its_own_style_in_the_template_s_colour() -> None:
    page = laid_out("<h1>您好</h1><a class='button' href='https://a.cn'>看</a>", Look(color="#aa3300", title="a <b>"))
    assert '<h1 style="margin:24px 0 12px;font-size:22px;line-height:1.35;color:#aa3300">您好</h1>' in page
    assert "background:#aa3300;color:#ffffff" in page and "<style" not in page and "class=" not in page
    assert "<title>a &lt;b&gt;</title>" in page and page.startswith('<!doctype html><html lang="zh">')


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("<script>alert(1)</script>好", "好"), ("<img src=x onerror=alert(1)>好", "好"), ("<svg><script>1</script></svg>好", "好"),
        ("<b onclick='x()'>好</b>", "<b>好</b>"), ("<form action=x><input>好</form>", "好"), ("<!--<b>-->好", " " * 10 + "好"),
        ("<img src='https://x.cn/a.png'>好", "好"), ("<img src='cid:logo'>好", "好"), ("<iframe src=x>a</iframe>好", "好"),
        ("<base href=x><link rel=stylesheet href=x><meta http-equiv=refresh>好", "好"), ("<style>@import url(x)</style>好", "好"),
        ("</td></tr></table></body>好", "好"), ("<math><mtext><table><mglyph><style><img src=x></style></math>好", "好"),
    ],
)  # fmt: skip
def test_nothing_is_left_that_runs_or_fetches(written: str, left: str) -> None:
    assert inside(written) == left


@pytest.mark.parametrize(
    "to",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "\x01javascript:x", "data:text/html,x", "vbscript:x",
        "file:///etc/passwd", "//evil.cn", "/x", "x", "&#106;avascript:x", "http://a\\@b", "https://a b",
    ],
)  # fmt: skip
def test_a_link_leads_to_the_web_a_mailbox_or_a_telephone_or_nowhere(to: str) -> None:
    assert "href" not in inside(f'<a href="{to}">x</a>')
    for good in ("https://a.cn/x?a=1&amp;b=2", "mailto:a@b.cn", "tel:+8613800138000"):
        assert f'href="{good}"' in inside(f'<a href="{good}">x</a>')


def test_links_to_the_web_go_through_and_no_others() -> None:
    seen: list[str] = []

    def through(address: str) -> str:
        seen.append(address)
        return "https://crm.cn/t/1"

    page = laid_out('<a href="https://a.cn/?a=1&amp;b=2">x</a><a href="mailto:a@b.cn">y</a>', Look(), through)
    assert seen == ["https://a.cn/?a=1&b=2"] and 'href="https://crm.cn/t/1"' in page and 'href="mailto:a@b.cn"' in page


def test_the_one_picture_is_the_logo_that_goes_along() -> None:
    shown = inside('<img src="cid:logo" alt="锐视" width="120" onload="x">', logo=True)
    assert f'src="{LOGO}"' in shown and 'alt="锐视"' in shown and 'width="120"' in shown and "onload" not in shown


def test_tags_that_people_do_not_close_are_closed() -> None:
    assert re.sub(r' style="[^"]*"', "", inside("<ul><li>一<li>二</ul><p>甲<p>乙")) == (
        "<ul><li>一</li><li>二</li></ul><p>甲</p><p>乙</p>"
    )
    assert re.sub(r' style="[^"]*"', "", inside("<table><tr><td>a<td>b<tr><td>c</table><b>d")) == (
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><b>d</b>"
    )
    deep = inside("<div>" * 5_000)
    assert deep.count("<div>") == deep.count("</div>") == 60


def test_a_style_keeps_what_only_changes_looks() -> None:
    given = "color: red; position:fixed; background:url(https://x); width:expression(alert(1)); padding: 2px; b\\65havior:x; margin:1px/*x*/"
    assert inside(f'<p style="{given}">x</p>') == '<p style="margin:0 0 14px;color:red;padding:2px">x</p>'


def test_the_plain_text_has_the_lines_as_they_are_seen_and_the_addresses_of_links() -> None:
    written = (
        "<h1>您好 &amp; 欢迎</h1><p>第一段,<br>第二行。</p><ul><li>甲<li>乙</ul><ol><li>一<li>二</ol>"
        "<table><tr><th>产品</th><th>金额</th></tr><tr><td>相机</td><td>¥100</td></tr></table>"
        '<p><a href="https://a.cn/x">方案</a>、<a href="https://b.cn">https://b.cn</a>、<a href="mailto:a@b.cn">a@b.cn</a></p>'
        '<hr><img src="cid:logo" alt="锐视"><script>no</script>'
    )
    assert words(written) == (
        "您好 & 欢迎\n\n第一段,\n第二行。\n\n- 甲\n- 乙\n\n1. 一\n2. 二\n\n产品 | 金额\n相机 | ¥100\n\n"
        "方案 https://a.cn/x 、https://b.cn、a@b.cn\n\n----\n锐视\n"
    )


def test_a_mail_has_an_end() -> None:
    with pytest.raises(OverflowError, match="256 KB"):
        laid_out("好" * MOST, Look())


@pytest.mark.parametrize("sign", ["<!--", "<a ", "<", "</", "<![CDATA[", "<a b='", "<?", "<!x", "<a href=x>"])
def test_signs_that_never_end_are_no_work(sign: str) -> None:
    written = sign * (60_000 // len(sign))
    assert "<script" not in inside(written) and words(written) and faults(written) is not None


def test_faults_name_their_place_and_values_are_left_to_the_filling_in() -> None:
    template = (
        '<p>{{ a }}\n{% if b %}<b>x</b>{% endif %}</p>\n<a href="{{ link }}">x</a><a href="https://a.cn/{{ id }}">y</a>\n'
        '<img alt="x"\n  src="{{ picture }}"><blink>{{ "<script>" }}</blink>'
    )
    found = [(each.code, each.line, each.column) for each in faults(template)]
    assert found == [("T032", 5, 3), ("T030", 5, 24)]
    assert faults("<tabel>")[0].suggestion == "table" and faults('<p stile="x">')[0].suggestion == "style"


def test_the_corpora_of_scripts_leave_nothing_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    paths = sorted(ATTACKS.glob("*xss*.json")) + sorted(ATTACKS.glob("*html*.json"))
    if not paths:
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    count = 0
    for path in paths:
        for each in json.loads(path.read_text("utf-8")):
            reader = Tags()
            reader.feed(inside(f"<p>{each['payload']}</p>", logo=True))
            reader.close()
            for tag, given in reader.found:
                assert tag in ("p", "div", "a", "b", "i", "u", "s", "br", "hr", "img", "table", "tr", "td", "th", "span", "font", "h1",
                               "h2", "h3", "h4", "ul", "ol", "li", "em", "strong", "center", "pre", "code", "small", "sub", "sup",
                               "blockquote", "tbody", "thead", "tfoot", "caption"), each["payload"]  # fmt: skip
                assert not any(name.startswith("on") for name in given), each["payload"]
                assert given.get("src", LOGO) == LOGO, each["payload"]
                assert re.match(r"(https?://|mailto:|tel:)", given.get("href", "https://")), each["payload"]
                assert "url(" not in given.get("style", "") and "expression" not in given.get("style", ""), each[
                    "payload"
                ]
            count += 1
    with capsys.disabled():
        print(f"\nmails: {count} payloads of scripts, none left that runs or fetches")
