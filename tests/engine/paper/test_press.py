"""Documents: what they show, what they never show, and what they can reach (nothing)."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Refused
from engine.paper import confined, press
from tests.corpora.tally import note

pypdf = pytest.importorskip("pypdf")
ATTACKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "attacks"


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"bullet": False, "runs": [[text, False]]} for text in texts]


def document(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "title": "设备报价", "name": "报价.pdf", "author": "锐视", "keywords": ["template:quote", "revision:3"], "at": 1_767_000_000,
        "mark": "报价 · 修订 3", "template": "quote", "revision": 3, "language": "zh", "header": [], "footer": "",
        "style": {"color": "#1f4e79", "paper": "a4", "font": "sans"}, "logo": None, "blocks": list(blocks), **more,
    }  # fmt: skip


def picture(width: int = 60, height: int = 20) -> bytes:
    from PIL import Image

    found = io.BytesIO()
    Image.new("RGB", (width, height), "#1f4e79").save(found, "PNG")
    return found.getvalue()


def words(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_page_shows_every_block_and_its_text_can_be_taken_out() -> None:
    paper = press.press(
        document(
            {"kind": "heading", "level": 1, "text": "一、需求"},
            {"kind": "text", "paragraphs": said("王主任您好")},
            {"kind": "facts", "rows": [["客户", "锐视光学"]]},
            {"kind": "table", "head": ["产品", "金额"], "rows": [["眼底相机", "¥1,200.00"]], "foot": ["合计", "¥1,200.00"],
             "widths": [20, 8], "numeric": [False, True]},
            {"kind": "bars", "rows": [{"name": "一月", "share": 1.0, "shown": "12"}]},
            {"kind": "link", "to": "https://example.com/v", "text": "产品视频"},
            {"kind": "image", "file": "picture-0", "width": 0.3, "caption": "图一"},
            {"kind": "break"},
            {"kind": "sign", "names": ["甲方", "乙方"]},
            logo="picture-0",
        ),
        {"picture-0": picture()},
    )  # fmt: skip
    reader = pypdf.PdfReader(io.BytesIO(paper.content))
    text = squeezed(words(paper.content))
    for each in (
        "设备报价",
        "一、需求",
        "王主任您好",
        "锐视光学",
        "眼底相机",
        "¥1,200.00",
        "一月",
        "产品视频",
        "图一",
        "甲方",
        "报价·修订3",
    ):
        assert each in text, each
    assert paper.pages == len(reader.pages) == 2
    assert reader.metadata.title == "设备报价" and "revision:3" in reader.metadata["/Keywords"]
    links = [a.get_object()["/A"]["/URI"] for page in reader.pages for a in page.get("/Annots", [])]
    assert set(links) == {"https://example.com/v"}


def test_figures_and_lines_are_drawn_with_their_words() -> None:
    paper = press.press(
        document(
            {"kind": "figure", "label": "线索激活率", "shown": "72%", "good": False},
            {"kind": "line", "label": "方案打开率", "shown": "61%", "most": "80%", "points": [0.2, 1.0, 0.5], "names": ["三月", "", "五月"]},
            {"kind": "line", "label": "只有一天", "shown": "1", "most": "1", "points": [1.0], "names": ["今天"]},
        ),
        {},
    )  # fmt: skip
    text = squeezed(words(paper.content))
    for each in ("线索激活率", "72%", "方案打开率", "61%", "80%", "三月", "五月", "只有一天", "今天"):
        assert each in text, each
    assert paper.missed == () and 0 not in list(glyphs(paper.content))


def fonts(content: bytes) -> list[Any]:
    found = {}
    for page in pypdf.PdfReader(io.BytesIO(content)).pages:
        for name, font in page["/Resources"]["/Font"].items():
            found[name, font.get_object()["/BaseFont"]] = font.get_object()
    return list(found.values())


def test_fault_121_no_glyph_is_missing_rare_characters_are_drawn_and_emoji_are_named() -> None:
    paper = press.press(document({"kind": "text", "paragraphs": said("龘㐂𠮷镕𬭊 €→①", "好😀👩\u200d⚕️的")}), {})
    text = words(paper.content)
    for each in "龘㐂𠮷镕𬭊€→①":
        assert each in text, each
    assert paper.missed == ("⚕", "👩", "😀") and "〔grinning face〕" in text
    for font in fonts(paper.content):
        inner = font["/DescendantFonts"][0].get_object()
        descriptor = inner["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & descriptor.keys(), "the font is not embedded"
    drawn = list(glyphs(paper.content))
    assert len(drawn) > 40 and 0 not in drawn, "glyph 0 is the empty box"


def glyphs(content: bytes) -> Iterator[int]:
    """The number of every glyph that is drawn."""
    for page in pypdf.PdfReader(io.BytesIO(content)).pages:
        for operands, operator in page.get_contents().operations:
            for part in operands[0] if operator == b"TJ" else operands if operator == b"Tj" else ():
                if hasattr(part, "original_bytes"):
                    code = part.original_bytes
                    yield from (int.from_bytes(code[at : at + 2], "big") for at in range(0, len(code), 2))


@pytest.fixture
def knocks() -> Iterator[tuple[int, list[Any]]]:
    """A port of this machine that counts who comes."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    came: list[Any] = []
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            try:
                came.append(server.accept()[1])
            except TimeoutError:
                continue

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], came
    over.set()
    thread.join()
    server.close()


def hostile(port: int) -> list[str]:
    """Every reference a document might follow, written the ways of HTML, CSS, Typst, TeX and SVG."""
    to = [
        f"http://127.0.0.1:{port}/x",
        f"//127.0.0.1:{port}/x",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ]
    written = [
        '<img src="{}">', '<link rel=attachment href="{}">', "@import url({});", '<iframe src="{}">', '#image("{}")', '#read("{}")',
        '#include "{}"', '#import "{}": *', '#import "@preview/evil:1.0.0"', '#json("{}")', "\\input{{{}}}", "![x]({})", '#eval("read(\\"{}\\")")',
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{}"/></svg>', "url({})", '$ #link("{}") $',
    ]  # fmt: skip
    return [form.format(each) for form in written for each in to]


def test_fault_121_no_request_leaves_for_a_document_full_of_hostile_references(
    knocks: tuple[int, list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    port, came = knocks
    texts = hostile(port)
    blocks = [
        {"kind": "text", "paragraphs": said(*texts)},
        {"kind": "facts", "rows": [[each, each] for each in texts]},
        *({"kind": "figure", "label": each, "shown": each, "good": None} for each in texts[:8]),
        *({"kind": "link", "to": f"http://127.0.0.1:{port}/link", "text": each} for each in texts),
    ]
    paper = press.press(document(*blocks, title=texts[0], footer=texts[1]), {})
    assert came == []
    text = words(paper.content)
    assert "root:" not in text and squeezed('#read("file:///etc/passwd")') in squeezed(text)
    with capsys.disabled():
        print(f"\ndocuments: {len(texts)} hostile references in {len(blocks)} blocks, {len(came)} requests")


def svg(port: int) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("http://127.0.0.1:{port}")</script></svg>'.encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"<html>", b"%PDF-1.4", picture()[:20], b"\x89PNG\r\n\x1a\n" + b"\0" * 30, svg(1)],
)
def test_fault_121_a_logo_is_pixels_of_a_sane_size_or_nothing(content: bytes) -> None:
    with pytest.raises(Refused) as error:
        press.press(document(logo="picture-0"), {"picture-0": content})
    assert error.value.problems[0].code == "R204"


def test_a_picture_tells_its_size_before_it_is_unpacked() -> None:
    huge = bytearray(picture())
    huge[16:24] = (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big")
    assert press.size_of(bytes(huge)) == (60_000, 60_000)
    with pytest.raises(Refused):
        press.checked("logo", bytes(huge))
    from PIL import Image

    for kind in ("JPEG", "GIF", "WEBP"):
        found = io.BytesIO()
        Image.new("RGB", (70, 30)).save(found, kind)
        assert press.size_of(found.getvalue()) == (70, 30), kind


def test_fault_121_a_document_without_end_is_given_up_and_the_reason_told() -> None:
    with pytest.raises(Refused) as error:
        press.press(
            document(
                *({"kind": "break"} if n % 2 else {"kind": "heading", "level": 1, "text": "x"} for n in range(700))
            ),
            {},
        )
    assert error.value.problems[0].what("zh") == "文件超过了 300 页"
    with pytest.raises(Refused) as error:
        press.press(document({"kind": "text", "paragraphs": said("好" * 3_000_000)}), {})
    assert error.value.problems[0].code == "R201"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (confined.Limits(seconds=0.01), "0.01 s"),
        (confined.Limits(memory=60 * confined.MB), ""),
        (confined.Limits(output=2_000), ""),
        (confined.Limits(computing=1, seconds=20), ""),
    ],
)
def test_fault_036_a_child_has_so_much_time_memory_and_output(
    monkeypatch: pytest.MonkeyPatch, limits: confined.Limits, told: str
) -> None:
    monkeypatch.setattr(press, "LIMITS", limits)
    rows = [[f"{n} 好好学习天天向上", "1"] for n in range(12_000)]
    table = {"kind": "table", "head": ["a", "b"], "rows": rows, "foot": [], "widths": [1, 1], "numeric": [False, True]}
    with pytest.raises(Refused) as error:
        press.press(document(table), {})
    assert error.value.problems[0].code in ("R201", "R202") and told in error.value.problems[0].what("en")


def test_a_child_is_in_a_network_with_nobody_in_it() -> None:
    came = confined.run("typesetting", {"document.json": json.dumps(document()).encode()}, confined.Limits())
    if not came.answer["apart"]:
        pytest.skip("this system lets no process have a network of its own")
    assert came.answer["pages"] == 1


def test_a_child_sees_no_secret_of_the_process_that_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    started = confined.subprocess.Popen

    def start(command: Any, **how: Any) -> Any:
        given.update(how["env"])
        return started(command, **how)

    monkeypatch.setenv("SMTP_PASSWORD", "hush")
    monkeypatch.setattr(confined.subprocess, "Popen", start)
    press.press(document(), {})
    assert set(given) == {"LANG", "HOME", "TMPDIR", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"}


def test_without_the_library_people_are_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Refused) as error:
        press.press(document(), {})
    assert error.value.problems[0].code == "R200"
    assert error.value.problems[0].fix("zh") == '运行 pip install "flowloom[documents]"'


def test_the_attack_corpora_come_out_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    counts = {}
    for name in ("ssti", "path-traversal", "ssrf-and-redirect-url", "xml-xxe", "file-name"):
        payloads = [each["payload"] for each in json.loads((ATTACKS / f"{name}.json").read_text("utf-8"))]
        texts = [f"[{number}] {text[:200]}" for number, text in enumerate(payloads)]
        paper = press.press(document({"kind": "text", "paragraphs": said(*texts)}), {})
        text = words(paper.content)
        assert "root:x:0" not in text and "daemon:" not in text
        assert all(f"[{number}]" in text for number in range(len(payloads))), name
        counts[name] = len(payloads)
        note(name, "document: pdf", len(payloads))
    with capsys.disabled():
        print("\ndocuments: shown as text, nothing read or run:", ", ".join(f"{n} {c}" for n, c in counts.items()))
