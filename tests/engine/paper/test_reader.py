"""Files people upload: what is written in them comes out; what would harm the reader does not go in."""

from __future__ import annotations

import io
import json
import socket
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Refused
from engine.paper import confined, reader, scanning
from engine.paper.office import ENTRIES
from engine.paper.press import press
from tests.corpora.tally import note
from tests.engine.paper.test_press import document, said

ATTACKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "attacks"
WORD = '<w:document xmlns:w="w"><w:body>{}</w:body></w:document>'
LINES = ("设备采购合同", "甲方:明湖眼科医院", "合同金额:人民币 508,000.00 元")


def packed(parts: Mapping[str, str | bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def docx(*lines: str, xml: str = "") -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    return packed({"[Content_Types].xml": "<Types/>", "word/document.xml": xml or WORD.format(body)})


def code(content: bytes) -> str:
    with pytest.raises(Refused) as error:
        reader.read(content)
    return error.value.problems[0].code


def test_a_word_file_with_its_table_notes_and_foot() -> None:
    table = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>产品</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>数量</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    content = packed(
        {
            "word/document.xml": WORD.format(f"<w:p><w:r><w:t>合</w:t></w:r><w:r><w:t>同</w:t></w:r></w:p>{table}"),
            "word/footnotes.xml": '<w:f xmlns:w="w"><w:p><w:t>脚注</w:t></w:p></w:f>',
            "word/footer1.xml": '<w:f xmlns:w="w"><w:p><w:t>页脚</w:t></w:p></w:f>',
        }
    )
    found = reader.read(content)
    assert found.text == "合同\n产品\t数量\n\n脚注\n\n页脚" and not found.ocr and not found.cut


def test_slides_in_their_order_with_what_the_speaker_notes() -> None:
    slide = '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>'
    names = [f"ppt/slides/slide{n}.xml" for n in (10, 2, 1)]
    parts = {"ppt/presentation.xml": "<p/>", **{name: slide.format(name[16:-4]) for name in names}}
    parts["ppt/notesSlides/notesSlide1.xml"] = slide.format("备注")
    found = reader.read(packed(parts))
    assert found.text.split("\n\n") == ["1", "2", "10", "备注"] and found.pages == 4


def test_a_sheet_row_by_row() -> None:
    from openpyxl import Workbook

    book, made = Workbook(), io.BytesIO()
    book.active.append(["产品", "数量", "单价"])
    book.active.append(["裂隙灯", 2, 120000.5])
    book.create_sheet("二").append(["第二页"])
    book.save(made)
    assert reader.read(made.getvalue()).text == "产品\t数量\t单价\n裂隙灯\t2\t120000.5\n\n第二页"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_in_the_encodings_of_office_machines(encoding: str) -> None:
    assert reader.read("会议纪要\n客户:明湖眼科\n".encode(encoding)).text == "会议纪要\n客户:明湖眼科"


def test_a_pdf_of_our_own_comes_back_as_its_text() -> None:
    pytest.importorskip("pypdfium2")
    paper = press(document({"kind": "text", "paragraphs": said("龘㐂𠮷 合同总金额 ¥508,000.00")}), {})
    found = reader.read(paper.content)
    assert "龘㐂𠮷 合同总金额 ¥508,000.00" in found.text and found.pages == 1 and not found.ocr


def drawn() -> Any:
    from PIL import Image, ImageDraw, ImageFont

    from engine.paper.typesetting import font_files

    picture = Image.new("RGB", (900, 300), "white")
    font = ImageFont.truetype(str(next(font_files("sans"))), 32)
    for number, line in enumerate(LINES):
        ImageDraw.Draw(picture).text((40, 30 + 80 * number), line, fill="black", font=font)
    return picture


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "PDF"])
def test_m29_a_photo_and_a_scan_are_read_without_any_network(kind: str) -> None:
    for package in ("rapidocr", "onnxruntime", "pypdfium2"):
        pytest.importorskip(package, reason="OCR needs the extra ocr")
    made = io.BytesIO()
    drawn().save(made, kind)
    found = reader.read(made.getvalue())
    assert found.ocr and [line.replace(" ", "") for line in found.text.split("\n")] == [
        line.replace(" ", "") for line in LINES
    ]


def test_without_the_extra_pictures_are_told_and_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "sees", lambda: False)
    made = io.BytesIO()
    drawn().save(made, "PNG")
    with pytest.raises(Refused) as error:
        reader.read(made.getvalue())
    assert (
        error.value.problems[0].fix("zh") == '运行 pip install "flowloom[ocr]"'
        and error.value.problems[0].code == "R213"
    )
    assert reader.read(docx("合同")).text == "合同"


def bomb() -> bytes:
    return docx(xml=WORD.format("<w:p><w:t>" + "a" * 60_000_000 + "</w:t></w:p>"))


def lying() -> bytes:
    """A zip whose directory says a part is small; what comes out is not."""
    honest = bytearray(docx(xml=WORD.format("b" * 40_000_000)))
    size = len(WORD.format("b" * 40_000_000).encode()).to_bytes(4, "little")
    return bytes(honest.replace(size, (1000).to_bytes(4, "little")))


def locked() -> bytes:
    content = bytearray(docx("秘密"))
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "R212"), (b"\0\1\2", "R212"), (b"PK\3\4nothing", "R212"), (packed({"a.txt": "x"}), "R212"), (docx(xml="<w:p>"), "R212"),
        (b"%PDF-1.7\nbroken", "R212"), (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "R212"), (b"\xff\xd8\xff" + b"\0" * 50, "R212"),
        (packed({f"{n}": "" for n in range(ENTRIES + 1)}), "R214"), (locked(), "R215"),
    ],
    ids=range(10),
)  # fmt: skip
def test_fault_119_what_is_broken_or_locked_is_told_by_what_it_is(content: bytes, wanted: str) -> None:
    if content.startswith(b"%PDF"):
        pytest.importorskip("pypdfium2")
    if content[:4] in (b"\x89PNG", b"\xff\xd8\xff\0"):
        pytest.importorskip("rapidocr", reason="OCR needs the extra ocr")
    assert code(content) == wanted


@pytest.mark.parametrize("content", [bomb, lying])
def test_fault_119_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, content: Any) -> None:
    # A child that may have this much and no more ends with a limit of its own, not with that of its memory.
    monkeypatch.setattr(reader, "LIMITS", confined.Limits(memory=150 * confined.MB))
    assert code(content()) in ("R214", "R212")


def test_fault_119_a_picture_of_ten_thousand_by_ten_thousand_is_refused() -> None:
    pytest.importorskip("rapidocr", reason="OCR needs the extra ocr")
    from PIL import Image

    made = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(made, "PNG")
    assert code(made.getvalue()) == "R214"


def test_fault_121_a_pdf_has_a_limit_of_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    pypdf = pytest.importorskip("pypdf")
    writer, made = pypdf.PdfWriter(), io.BytesIO()
    for _ in range(scanning.PAGES + 1):
        writer.add_blank_page(100, 100)
    writer.write(made)
    assert code(made.getvalue()) == "R203"
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret")
    made = io.BytesIO()
    writer.write(made)
    assert code(made.getvalue()) == "R215"


def test_xml_that_brings_entities_is_refused_and_asks_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    came: list[Any] = []
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            try:
                came.append(server.accept())
            except TimeoutError:
                continue

    thread = threading.Thread(target=listen)
    thread.start()
    port = server.getsockname()[1]
    payloads = [each["payload"] for each in json.loads((ATTACKS / "xml-xxe.json").read_text("utf-8"))]
    payloads += [
        f'<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd"><x/>',
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{port}/e">]><x>&e;</x>',
        '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
    ]
    refused = empty = 0
    # All in one office file would hide which one was refused; the reader's own floor is asked, and the child for the last ones.
    from engine.paper.office import Refusal, written

    for text in payloads:
        try:
            words = written(text.encode())
        except Refusal as refusal:
            assert refusal.code in ("R212", "R216")
            refused += 1
        else:
            assert "root:" not in words and "localhost" not in words, text
            empty += 1
    for text in payloads[-3:]:
        assert code(docx(xml=text)) == "R216"
    over.set()
    thread.join()
    server.close()
    note("xml-xxe", "read: docx", len(payloads), came)
    assert came == [] and refused > 50
    with capsys.disabled():
        print(
            f"\nreading: {len(payloads)} XXE payloads: {refused} refused, {empty} without effect, {len(came)} requests"
        )


def test_archives_of_the_corpus_are_no_office_files(capsys: pytest.CaptureFixture[str]) -> None:
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    tried = [code(path.read_bytes()) for path in sorted((ATTACKS / "archives").glob("*.zip"))]
    assert tried and set(tried) <= {"R212", "R214"}
    with capsys.disabled():
        print(f"\nreading: {len(tried)} archives refused")


def test_a_very_long_text_is_cut_and_says_so() -> None:
    found = reader.read(("好" * 99 + "\n").encode() * 5000)
    assert found.cut and len(found.text) <= scanning.LETTERS
