"""The same text from every format; what is hostile ends as a reason, within the limits."""

import contextlib
import gzip
import io
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
from hostile import harmless, hostile
from makers import TEXT, W, docx, eml, files, odt, paragraph, pdf, zipped

from classifier.corpus import load
from classifier.errors import CorpusError, ReadError
from classifier.files import read_simple
from classifier.isolation import Child, Limits, digest_of
from classifier.ledger import status_of
from classifier.readers import READERS, read_bytes
from classifier.readers.base import ReadOptions

OPTIONS = ReadOptions()


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


def test_pdf_drops_running_lines_that_differ_on_left_and_right_pages():
    heads = "Ports Authority Bulletin", "GOVERNMENT GAZETTE"
    pages = [[heads[i % 2], f"Order num{i} stands.", "It costs more.", "So we say.", f"Page {i}"]
             for i in range(6)]
    [document] = read_bytes("a.pdf", pdf(pages), OPTIONS)
    assert not any(head in document.text for head in [*heads, "Page"])


def test_a_damaged_page_costs_no_other(monkeypatch):
    import pypdf

    real = pypdf.PageObject.extract_text

    def broken(page):
        text = real(page)
        if "two" in text:
            raise RecursionError
        return text

    monkeypatch.setattr(pypdf.PageObject, "extract_text", broken)
    [document] = read_bytes("a.pdf", pdf([["Page one."], ["Page two."], ["Page three."]]), OPTIONS)
    assert document.text.split("\n\n") == ["Page one.", "Page three."]
    assert document.notes[0] == "truncated: damaged pages: 2"
    assert document.page_of(document.text.index("three")) == 3
    with pytest.raises(ReadError, match="damaged"):
        list(read_bytes("a.pdf", pdf([["Page two."]]), OPTIONS))


def test_pdf_joins_words_that_the_corpus_or_the_document_has():
    lines = ["The govern-", "ment met. A zorblax and a zor-", "blax came. It is well-",
             "known. In 2023-", "24 it was so. The state-", "of-the-art is one."]
    [document] = read_bytes("a.pdf", pdf([lines]), OPTIONS)
    assert " ".join(document.text.split()) == (
        "The government met. A zorblax and a zorblax came. It is well-known. In 2023-24 it was so. "
        "The state-of-the-art is one.")


def test_pdf_tells_title_date_and_author():
    import pypdf

    out, writer = io.BytesIO(), pypdf.PdfWriter(io.BytesIO(pdf([["We act."]])))
    writer.add_metadata({"/Title": "T", "/Author": "A", "/CreationDate": "D:20240304120000Z"})
    writer.write(out)
    [document] = read_bytes("a.pdf", out.getvalue(), OPTIONS)
    assert (document.title, document.date[:10], document.sender) == ("T", "2024-03-04", "A")


def test_a_pdf_locked_against_changes_only_is_read():
    pytest.importorskip("cryptography")
    import pypdf

    out, writer = io.BytesIO(), pypdf.PdfWriter(io.BytesIO(pdf([["We act."]])))
    writer.encrypt(user_password="", owner_password="x", algorithm="AES-256")
    writer.write(out)
    [document] = read_bytes("a.pdf", out.getvalue(), OPTIONS)
    assert document.text == "We act."


def test_a_pdf_without_text_says_so():
    [document] = read_bytes("a.pdf", pdf([[], []]), OPTIONS)
    assert not document.text.strip() and document.notes == ("pages without text: 2",)


def test_docx_keeps_insertions_and_drops_deletions():
    body = (f"<w:p><w:ins><w:r><w:t>New </w:t></w:r></w:ins><w:del><w:r><w:delText>Old </w:delText>"
            f"</w:r></w:del><w:r><w:t>rule.</w:t></w:r></w:p><w:tbl><w:tr><w:tc>"
            f"{paragraph('Cell')}</w:tc></w:tr></w:tbl>")
    [document] = read_bytes("a.docx", docx(body), OPTIONS)
    assert document.text == "New rule.\n\nCell"


def test_docx_keeps_hyphens_and_reads_a_text_box_once():
    box = f"<w:txbxContent>{paragraph('In the box.')}</w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = (f"<w:p><w:r><w:t>In 2020</w:t><w:noBreakHyphen/><w:t>21, </w:t></w:r><w:r>"
            f"<mc:AlternateContent xmlns:mc='{mc}'><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}"
            f"</mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>it rose.</w:t></w:r></w:p>")
    [document] = read_bytes("a.docx", docx(body), OPTIONS)
    assert document.text == "In 2020-21, it rose.\n\nIn the box."
    strict = zipfile.ZipFile(io.BytesIO(docx(body))).read("word/document.xml").replace(
        W.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main")
    [same] = read_bytes("a.docx", zipped({"word/document.xml": strict}), OPTIONS)
    assert same.text == document.text


def test_odt_keeps_words_apart_and_notes_once():
    note = ("<t:note><t:note-citation>1</t:note-citation><t:note-body><t:p>Act 5.</t:p>"
            "</t:note-body></t:note>")
    data = odt([f"The <t:span>order</t:span>{note} applies<t:line-break/>from<t:s/>May."])
    [document] = read_bytes("a.odt", data, OPTIONS)
    assert document.text == "The order applies from May.\n\nAct 5."


def test_attachments_are_documents_and_their_names_never_paths():
    attached = {"../../order.txt": b"It is ordered.", "logo.png": b"\x89PNG"}
    data = eml("See attached.", attach=attached)
    body, order, logo = read_bytes("a.eml", data, OPTIONS)
    assert (body.title, order.text) == ("Ferries", "It is ordered.") and ".." not in order.id
    assert logo.notes[0].startswith("skipped")


def test_a_bad_member_costs_no_other(tmp_path):
    made = {"a/x.txt": "We act.", "b/x.txt": "So do we.", "bad.pdf": "no", "__MACOSX/._x.txt": "x",
            "in.zip": zipped({"y.txt": "Inside.", "bad.docx": "no"})}
    found = {d.id: d for d in read_bytes("a.zip", zipped(made), OPTIONS)}
    assert {key: d.text for key, d in found.items()} == {
        "a.zip!a/x.txt": "We act.", "a.zip!b/x.txt": "So do we.", "a.zip!bad.pdf": "",
        "a.zip!in.zip!y.txt": "Inside.", "a.zip!in.zip!bad.docx": ""}
    assert all(d.notes[0].startswith("failed: damaged") for d in found.values() if not d.text)
    body, bad = read_bytes("a.eml", eml("See attached.", attach={"x.pdf": b"no"}), OPTIONS)
    assert body.text.strip() == "See attached." and bad.notes[0].startswith("failed")


def test_a_message_keeps_all_its_text_and_the_messages_in_it():
    inner, message = EmailMessage(), EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("Fees rise.")
    message["Date"] = "Mon, 04 Mar 2024 10:00:00 +0100"
    message.set_content("We act.")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    message.add_attachment("We also pay.", subtype="plain", disposition="inline")
    message.add_attachment(inner)
    body, logo, forwarded = read_bytes("a.eml", message.as_bytes(), OPTIONS)
    assert body.text.split() == "We act. We also pay.".split()
    assert (body.date, body.encoding) == ("2024-03-04T10:00:00+01:00", "utf-8")
    assert (forwarded.title, forwarded.text.strip()) == ("Inner", "Fees rise.")


def test_every_sheet_is_read_or_noted():
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["id", "text"], [1, "We act."]):
        book.active.append(row)
    for title, rows in {"May": [["text"], ["We pay."]], "Notes": [["x"]], "Empty": []}.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(out)
    found = list(read_bytes("a.xlsx", out.getvalue(), OPTIONS))
    assert [(d.id, d.text) for d in found] == [
        ("1", "We act."), ("a.xlsx!May#1", "We pay."), ("a.xlsx!Notes", ""), ("a.xlsx!Empty", "")]
    assert all(d.notes[0].startswith("skipped: no column 'text'") for d in found[2:])


def test_packed_files_have_names_of_their_own():
    [packed] = read_bytes("A.TXT.GZ", gzip.compress(b"We act."), OPTIONS)
    [row] = read_bytes("a.jsonl.gz", gzip.compress(b'{"id": 7, "text": "We act."}'), OPTIONS)
    assert (packed.id, packed.text, row.id) == ("A.TXT.GZ", "We act.", "7")


def test_what_is_too_large_packed_can_be_read_unpacked(tmp_path):
    options = ReadOptions(max_characters=100, max_members=3)
    table = b"id,text\n" + b"".join(b"%d,The ferry port is shut on day %d.\n" % (i, i * i)
                                    for i in range(20))
    made = {"t.csv.gz": gzip.compress(table), "t.zip": zipped({"t.csv": table}),
            "many.zip": zipped({f"{i}.txt": "We act." for i in range(4)})}
    for name, data in made.items():
        with pytest.raises(ReadError, match="packed.*unpacked"):
            list(read_bytes(name, data, options))
    (tmp_path / "t.csv").write_bytes(table)
    found = list(read_simple(tmp_path / "t.csv", options, Limits()))
    assert len(found) == 20 and not any(d.notes for d in found)


def test_cells_beyond_the_columns_are_noticed():
    bad, good = read_bytes("a.csv", b"id,text\n1,We act, and pay.\n2,fine\n", OPTIONS)
    assert bad.notes[0].startswith("truncated") and not good.notes


def test_a_quote_that_is_never_closed_costs_the_rows_before_it_nothing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,text,label\n1,"We ""act"".\nNow.",x\n2,"So be it.,x\n3,It fell.,x\n')
    rows = read_simple(path, OPTIONS, Limits())
    assert next(rows).text == 'We "act".\nNow.'
    with pytest.raises(ReadError, match=r"a\.csv:4: .*a quote is never closed"):
        next(rows)
    with pytest.raises(CorpusError, match=r"a\.csv:4: .*a quote is never closed"):
        load(path, labels=None)


def test_a_quote_that_is_never_closed_in_the_header_is_an_error(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,text,label,"note\n1,We act.,x,\n2,So be it.,x,\n')
    with pytest.raises(ReadError, match=r"a\.csv:1: .*a quote is never closed"):
        list(read_simple(path, OPTIONS, Limits()))
    with pytest.raises(CorpusError, match=r"a\.csv:1: .*a quote is never closed"):
        load(path, labels=None)
    path.write_text('id,text,label,"no\nte"')
    assert not list(read_simple(path, OPTIONS, Limits()))


def test_a_database_whose_log_holds_changes_says_so(tmp_path):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as link, Child() as child:
        link.execute("pragma journal_mode = wal")
        link.execute("create table letters (id text, text text)")
        link.execute("insert into letters values (1, 'We act.')")
        link.commit()
        with pytest.raises(ReadError, match="a.db: .*a.db-wal may hold changes .*vacuum into"):
            child.read(path, OPTIONS)
        link.execute("vacuum into ?", [str(tmp_path / "copy.db")])
        (tmp_path / "a.db.gz").write_bytes(gzip.compress((tmp_path / "copy.db").read_bytes()))
        for whole in ("copy.db", "a.db.gz"):
            assert [d.text for d in child.read(tmp_path / whole, OPTIONS)] == ["We act."]
        link.close()  # writes what the log holds into the file
        assert [d.text for d in child.read(path, OPTIONS)] == ["We act."]


def test_errors_name_the_line():
    _, bad, good = read_bytes("a.jsonl", b'{"text": "a"}\n\n{"text": 3}\n{"text": "b"}\n', OPTIONS)
    assert bad.id == "a.jsonl#3" and bad.notes[0].startswith("failed: a.jsonl:3: ")
    assert good.text == "b"
    with pytest.raises(ReadError, match="--text-column"):
        list(read_bytes("a.jsonl", b'{"body": "a"}\n', OPTIONS))
    with pytest.raises(ReadError, match="--id-column"):
        list(read_bytes("a.csv", b"id,text\n1,x\n", ReadOptions(id_column="key")))
    with pytest.raises(ReadError, match="its columns: id, body"):
        list(read_bytes("a.csv", b"id,body\n1,x\n", OPTIONS))


def read_in(child, path):
    """The documents or the reason, and the seconds it took."""
    started = time.monotonic()
    try:
        found = child.read(path, OPTIONS)
    except ReadError as error:
        found = str(error)
    return found, time.monotonic() - started


def test_hostile_files_end_as_reasons_within_the_limits(tmp_path):
    with Child(Limits(seconds=20)) as child:
        for name, data in hostile():
            path = tmp_path / name
            path.write_bytes(data)
            found, seconds = read_in(child, path)
            is_reason = isinstance(found, str) and str(path) in found and "\n" not in found
            says_so = not isinstance(found, str) and all(d.notes and not d.text for d in found)
            assert is_reason or says_so, (name, found)
            assert seconds < 25, name


def test_damaged_and_odd_files_end_as_documents_or_reasons(tmp_path):
    made = list(harmless(tmp_path))
    assert len(made) + len(list(hostile())) >= 120
    with Child(Limits(seconds=20)) as child:
        for name, data in made:
            path = tmp_path / name
            path.write_bytes(data)
            found, seconds = read_in(child, path)
            if isinstance(found, str):
                assert str(path) in found and "\n" not in found, found
                assert "Error(" not in found and "Traceback" not in found, found
            assert seconds < 25, name


def test_a_page_inside_a_form_is_read():
    """Whole sites of ministries stand in one form (ASP.NET)."""
    html = b"<meta name=DC.Date content=2024-03-04><form><p>We act.</p><select><option>Go</select>"
    [document] = read_bytes("a.html", html, OPTIONS)
    assert (document.text, document.date) == ("We act.", "2024-03-04")


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


def test_text_over_the_limit_is_cut_and_said_to_be(tmp_path):
    options = ReadOptions(max_characters=30)
    made = {"a.txt": b"We act. " * 5, "a.html": b"<p>" + b"We act. " * 5,
            "a.eml": eml("We act. We act.", attach={"b.txt": b"It fell again. So be it."})}
    with Child() as child:
        for name, data in made.items():
            path = tmp_path / name
            path.write_bytes(data)
            is_simple = name == "a.txt"
            found = (list(read_simple(path, options, Limits())) if is_simple
                     else child.read(path, options))
            assert status_of(found[-1], True).startswith("truncated: over the limit"), name
            assert sum(len(d.text) for d in found) == options.max_characters
            assert found[0].text.startswith("We act. We act.")


def test_a_file_that_takes_too_much_memory_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 150_000_000)
    with Child(Limits(memory_bytes=300 * 2**20)) as child, pytest.raises(ReadError, match="memory"):
        child.read(path, ReadOptions(max_characters=10**9))


def test_a_file_is_not_refused_for_what_others_took(tmp_path):
    """Parquet and spreadsheets bring large libraries into the child; the next file is read."""
    made = files(tmp_path)
    with Child(Limits(seconds=20)) as child:
        for turn in range(3):
            for name, data in made.items():
                path = tmp_path / f"{turn}{name}"
                path.write_bytes(data)
                assert len(child.read(path, OPTIONS)) == 1, name


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_imported_from_the_current_folder(tmp_path, workers):
    """An archive may hold files named like modules."""
    archive = tmp_path / "archive"
    archive.mkdir()
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    for name in ("json", "click", "numpy", "joblib", "pypdf", "docx", "classifier", "email",
                 "sitecustomize", "usercustomize", "html"):
        (archive / f"{name}.py").write_text(trap)
    for i in range(300):
        (archive / f"{i}.eml").write_bytes(eml("We act."))
    command = Path(sys.executable).with_name("policytag")
    subprocess.run([command, "tag", ".", "-o", "../out.csv", "--model", "fast", "--workers",
                    str(workers)], cwd=archive, check=False, capture_output=True)
    assert (tmp_path / "out.csv").read_text("utf-8").count("We act.") == 300
    assert not (tmp_path / "sprung").exists()


def test_a_folder_in_place_of_a_file_leaves_nothing_open(tmp_path):
    before = len(os.listdir("/dev/fd"))
    assert digest_of(tmp_path, 9).error == f"{tmp_path}: skipped: not a regular file"
    assert len(os.listdir("/dev/fd")) == before
