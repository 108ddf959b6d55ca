"""Makes the same three paragraphs in every format, and the pieces that tests need."""

import csv
import email.message
import gzip
import io
import json
import sqlite3
import zipfile

PARAGRAPHS = [
    "To all port superintendents",
    "From 1 March no ferry may sail with more passengers than its certificate allows.",
    "In 2023 the ports logged 412 complaints. The boatmen’s union called the order a fine.",
]
TEXT = "\n\n".join(PARAGRAPHS)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


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


def parquet(rows, **options):
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out, **options)
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


def outputs(out):
    """The bytes of a run's table, and its ledger but for `seconds`, which no two runs share."""
    with out.with_name(out.stem + ".ledger.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][-1] == "seconds"
    return out.read_bytes(), [row[:-1] for row in rows]
