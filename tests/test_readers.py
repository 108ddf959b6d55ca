"""The same text from every format; what is hostile ends as a reason, within the limits."""

import email.message
import gzip
import io
import json
import sqlite3
import time
import zipfile

import pytest

from classifier.errors import ReadError
from classifier.isolation import Child, Limits
from classifier.readers import READERS, read_bytes
from classifier.readers.base import ReadOptions

PARAGRAPHS = [
    "To all port superintendents",
    "From 1 March no ferry may sail with more passengers than its certificate allows.",
    "In 2023 the ports logged 412 complaints. The boatmen’s union called the order a fine.",
]
TEXT = "\n\n".join(PARAGRAPHS)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OPTIONS = ReadOptions()


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(body):
    head = f'<?xml version="1.0"?><w:document xmlns:w="{W}"><w:body>'
    return zipped({"word/document.xml": head + body + "</w:body></w:document>"})


def paragraph(text):
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def odt(paragraphs):
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    body = "".join(f"<t:p>{p}</t:p>" for p in paragraphs)
    return zipped({"content.xml": (
        f'<o:document-content xmlns:o="{office}" xmlns:t="urn:oasis:names:tc:opendocument:xmlns:'
        f'text:1.0"><o:body><o:text>{body}</o:text></o:body></o:document-content>')})


def pdf(pages):
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    for lines in pages:
        for i, line in enumerate(lines):
            canvas.drawString(50, 800 - 20 * i, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def eml(text, html=None, attach=None):
    message = email.message.EmailMessage()
    message["Subject"], message["From"] = "Ferries", "ports@example.org"
    if text is not None:
        message.set_content(text)
    if html is not None:
        message.set_content(html, subtype="html")
    for name, data in (attach or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def xlsx(rows):
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet(rows):
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def database(tmp_path, rows):
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as link:
        link.execute("create table letters (id text, text text)")
        link.executemany("insert into letters values (?, ?)", rows)
    return path.read_bytes()


def rtf(paragraphs):
    return ("{\\rtf1\\ansi " + "\\par ".join(p.replace("’", "\\'92") for p in paragraphs) + "}"
            ).encode()


HTML = (
    "<html><head><title>Ferries</title></head><body><nav><a href=/>Home</a></nav><main>{}</main>"
    "<script>alert(1)</script><footer>Imprint</footer></body></html>"
)


def files(tmp_path):
    page = HTML.format("".join(f"<p>{p}</p>" for p in PARAGRAPHS)).encode()
    return {
        "a.txt": TEXT.encode(), "a.md": TEXT.encode("utf-8-sig"), "b.txt": TEXT.encode("utf-16"),
        "c.txt": TEXT.encode("cp1252"), "a.html": page, "a.rtf": rtf(PARAGRAPHS),
        "a.docx": docx("".join(map(paragraph, PARAGRAPHS))), "a.odt": odt(PARAGRAPHS),
        "a.eml": eml(TEXT), "b.eml": eml(None, page.decode()),
        "a.mbox": b"From x Mon\n" + eml(TEXT), "a.txt.gz": gzip.compress(TEXT.encode()),
        "a.zip": zipped({"folder/a.txt": TEXT}),
        "a.csv": ("id,text\n1,\"" + TEXT + "\"\n").encode(),
        "a.tsv": ("id\ttext\n1\t\"" + TEXT + "\"\n").encode(),
        "a.jsonl": json.dumps({"id": 1, "text": TEXT}).encode(),
        "a.xlsx": xlsx([["id", "text"], [1, TEXT]]),
        "a.parquet": parquet([{"id": 1, "text": TEXT}]),
        "a.db": database(tmp_path, [("1", TEXT)]),
    }


def test_every_format_gives_the_same_text(tmp_path):
    made = files(tmp_path)
    for name, data in made.items():
        [document] = read_bytes(name, data, OPTIONS)
        assert " ".join(document.text.split()) == " ".join(TEXT.split()), name
    assert {"." + name.rsplit(".", 1)[1] for name in made} >= {
        s for s in READERS if s not in (".text", ".tab", ".ndjson", ".htm", ".xhtml", ".sqlite",
                                        ".sqlite3", ".pdf")}


def test_a_guessed_encoding_is_noted():
    [document] = read_bytes("c.txt", TEXT.encode("cp1252"), OPTIONS)
    assert document.notes == ("encoding guessed: cp1252",)


def test_pdf_knows_its_pages_and_drops_running_lines():
    pages = [
        ["Ministry of Ports", f"The order num{i} stands. It is over-", "loaded now.", f"- {i} -"]
        for i in range(1, 6)
    ]
    [document] = read_bytes("a.pdf", pdf(pages), OPTIONS)
    assert "Ministry" not in document.text and "- 2 -" not in document.text
    found = [document.page_of(document.text.index(f"num{i}")) for i in range(1, 6)]
    assert found == [1, 2, 3, 4, 5]


def test_a_pdf_without_text_says_so():
    [document] = read_bytes("a.pdf", pdf([[], []]), OPTIONS)
    assert not document.text.strip() and document.notes == ("pages without text: 2",)


def test_docx_keeps_insertions_and_drops_deletions():
    body = (f"<w:p><w:ins><w:r><w:t>New </w:t></w:r></w:ins><w:del><w:r><w:delText>Old </w:delText>"
            f"</w:r></w:del><w:r><w:t>rule.</w:t></w:r></w:p><w:tbl><w:tr><w:tc>"
            f"{paragraph('Cell')}</w:tc></w:tr></w:tbl>")
    [document] = read_bytes("a.docx", docx(body), OPTIONS)
    assert document.text == "New rule.\n\nCell"


def test_attachments_are_documents_and_their_names_never_paths():
    attached = {"../../order.txt": b"It is ordered.", "logo.png": b"\x89PNG"}
    data = eml("See attached.", attach=attached)
    body, order, logo = read_bytes("a.eml", data, OPTIONS)
    assert (body.title, order.text) == ("Ferries", "It is ordered.") and ".." not in order.id
    assert logo.notes[0].startswith("skipped")


def test_errors_name_the_line():
    with pytest.raises(ReadError, match=r"a\.jsonl:3: "):
        list(read_bytes("a.jsonl", b'{"text": "a"}\n\n{"text": 3}\n', OPTIONS))
    with pytest.raises(ReadError, match="its columns: id, body"):
        list(read_bytes("a.csv", b"id,body\n1,x\n", OPTIONS))


def nested_zip(depth):
    data = b"text"
    for level in range(depth):
        data = zipped({f"a.{'txt' if level == 0 else 'zip'}": data})
    return data


BOMB = b"0" * 200_000_000
XXE = ('<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">'
       f']><w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body>'
       "</w:document>")


def hostile():
    yield "bomb.docx", zipped({"word/document.xml": BOMB})
    yield "bomb.zip", zipped({"a.txt": BOMB})
    yield "bomb.txt.gz", gzip.compress(BOMB)
    yield "entity.docx", zipped({"word/document.xml": XXE})
    yield "many.zip", zipped({f"{i}.txt": b"x" for i in range(5000)})
    yield "deep.zip", nested_zip(30)
    yield "parts.eml", (b"Content-Type: multipart/mixed; boundary=b\n\n"
                        + b"--b\nContent-Type: text/plain\n\nx\n" * 1000 + b"--b--\n")
    for suffix in ("pdf", "docx", "odt", "xlsx", "parquet", "db", "zip", "gz", "mbox", "rtf"):
        yield f"noise.{suffix}", bytes(range(256)) * 40
        if suffix != "gz":
            yield f"empty.{suffix}", b""
    good = pdf([["One."], ["Two."]])
    yield "cut.pdf", good[: len(good) // 2]
    yield "head.pdf", good[:100]
    yield "json.jsonl", b"[" * 100_000
    yield "null.jsonl", b"null\n"


def test_hostile_files_end_as_reasons_within_the_limits(tmp_path):
    with Child(Limits(seconds=20)) as child:
        for name, data in hostile():
            path = tmp_path / name
            path.write_bytes(data)
            started = time.monotonic()
            try:
                child.read(path, OPTIONS)
                pytest.fail(f"{name} was read")
            except ReadError as error:
                said = str(error)
            assert str(path) in said and "\n" not in said, said
            assert time.monotonic() - started < 25, name


@pytest.mark.parametrize("html", [
    b"<div>" * 200_000 + b"text", b"<p>text" + b"</div>" * 200_000,
    b"<p>text<!-- " + b"x" * 10_000_000, b"<p>text<a " + b"b=1 " * 500_000 + b">",
    b"<p>text" + b"<nav>" * 100_000,
])
def test_hostile_html_ends_in_time_with_its_text(html):
    started = time.monotonic()
    [document] = read_bytes("a.html", html, OPTIONS)
    assert time.monotonic() - started < 20
    assert "text" in document.text


def test_a_child_that_takes_too_long_is_killed_and_the_next_file_is_read(tmp_path, monkeypatch):
    slow, good = tmp_path / "slow.html", tmp_path / "good.txt"
    slow.write_bytes(b"<p>a</p>" * 3_000_000)
    good.write_text("We act.")
    with Child(Limits(seconds=0.5)) as child, pytest.raises(ReadError, match="over 0.5 s"):
        child.read(slow, OPTIONS)
    with Child(Limits(seconds=20)) as child:
        assert child.read(good, OPTIONS)[0].text == "We act."


def test_a_file_that_takes_too_much_memory_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 150_000_000)
    with Child(Limits(memory_bytes=300 * 2**20)) as child, pytest.raises(ReadError, match="memory"):
        child.read(path, ReadOptions(max_characters=10**9))
