"""Makes hostile and damaged files; nothing of them is stored."""

import gzip
import random
import struct
import zlib

from makers import HTML, TEXT, W, docx, eml, files, paragraph, parquet, pdf, zipped


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
    yield from hostile_pdf()
    yield "loop.gz", gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"text"))))
    yield "bomb.xlsx", zipped({"xl/workbook.xml": BOMB, "[Content_Types].xml": b"<x/>"})
    yield "bomb.odt", zipped({"content.xml": BOMB})
    yield "entity.odt", zipped({"content.xml": XXE})
    yield "external.docx", zipped({"word/document.xml": (
        '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body>'
        "</w:document>")})
    yield "wrong.docx", zipped({"word/document.xml": "<no"})
    yield "missing.docx", zipped({"word/other.xml": "<a/>"})
    yield "deep.docx", docx("<w:tbl><w:tr><w:tc>" * 50_000)
    yield "deep.odt", zipped({"content.xml": "<a>" * 100_000})
    yield "text.xlsx", b"PK\x03\x04" + b"x" * 1000
    yield "lies.zip", lying_zip()
    yield "overlap.zip", overlapping_zip()
    yield "no.csv", b"a,b\n1,2\n"
    yield "list.jsonl", b"[1, 2]\n"
    yield "number.jsonl", b'{"text": 1e999}\n'
    plain = parquet([{"id": 1, "text": "The port."}], compression="none", use_dictionary=False)
    yield "utf8.parquet", plain.replace(b"The port", b"\x80he port")
    yield "master.db", b"SQLite format 3\x00" + b"\xff" * 4096


def hostile_pdf():
    """PDF files that bomb, loop or lock."""
    bomb = zlib.compress(b"0" * 150_000_000, 9)
    nested = b"BT (x) Tj ET"
    for _ in range(20):
        nested = zlib.compress(nested)
    yield "bomb.pdf", pdf_of(b"/Filter /FlateDecode", bomb)
    yield "filters.pdf", pdf_of(b"/Filter [" + b"/FlateDecode " * 5000 + b"]", nested)
    yield "locked.pdf", pdf_of(b"", b"BT (x) Tj ET", b"/Encrypt << /Filter /Standard /V 9 /R 9 >>")
    yield "loop.pdf", (b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
                       b"2 0 obj <</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>> endobj\n"
                       b"trailer <</Root 1 0 R>>\n%%EOF")
    yield "self.pdf", b"%PDF-1.4\ntrailer <</Root 1 0 R /Prev 9>>\nstartxref\n9\n%%EOF"


def pdf_of(filters, stream, trailer=b""):
    """One page whose content is a given stream."""
    return (b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
            b"2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
            b"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>> endobj\n"
            b"4 0 obj <</Length " + str(len(stream)).encode() + b" " + filters + b">> stream\n"
            + stream + b"\nendstream endobj\ntrailer <</Root 1 0 R " + trailer + b">>\n%%EOF")


def lying_zip():
    """Its directory says that a member is small."""
    data = bytearray(zipped({"a.txt": b"0" * 50_000_000}))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(magic) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    return bytes(data)


def overlapping_zip():
    """Every directory entry points at one member (Fifield 2019)."""
    data = zipped({"a.txt": b"0" * 1_000_000})
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    many = b"".join(entry.replace(b"a.txt", b"%c.txt" % (65 + i)) for i in range(40)) * 30
    tail = data[end : end + 8] + struct.pack("<HHII", 1200, 1200, len(many), start) + b"\x00\x00"
    return data[:start] + many + tail


def harmless(tmp_path):
    """Odd files that may be read or refused, but must end: (name, bytes)."""
    yield "script.html", b"<p>a</p><script>" + b"while(1){}" * 1000 + b"</script>"
    yield "charset.eml", b"Content-Type: text/plain; charset=klingon\n\nWe act."
    yield "charset.html", b"<meta charset=x-user-defined><p>We act.</p>"
    yield "header.eml", b"Subject: " + b"=?utf-8?b?" * 10_000 + b"\n\nWe act."
    yield "fold.eml", b"Subject: a\n" + b" b\n" * 100_000 + b"\nWe act."
    yield "surrogate.jsonl", b'{"text": "\\ud800 We act."}\n'
    yield "nul.txt", b"We\x00act." * 100
    yield "bom.txt", b"\xff\xfe" * 1000
    yield "odd16.txt", TEXT.encode("utf-16")[:-1]
    yield "open.csv", b"id,text\n1,\"" + b"x" * 10_000
    yield "dots.txt", b"." * 2_000_000
    yield "quotes.txt", b'."' * 1_000_000
    yield "line.txt", b"x" * 5_000_000
    yield "names.zip", zipped({"../../etc/x.txt": "We act.", "/abs.txt": "We act.",
                               "a\\..\\b.txt": "We act.", "con.txt": "x", "n" * 255: "x"})
    yield "same.eml", eml("x", attach={f"{i}.txt": b"We act." for i in range(90)})
    yield "formula.csv", b"id,text\n=1+1,\"=cmd|' /C calc'!A0\"\n"
    yield "parens.rtf", b"{\\rtf1 " + b"{" * 20_000 + b"x" + b"}" * 20_000 + b"}"
    yield "nested.docx", docx(paragraph("x") * 20_000)
    yield "empty.html", b""
    yield "table.html", HTML.format("<table><tr><td>x" * 2000).encode()
    yield "many.pdf", pdf([["x"]] * 200)
    rng = random.Random(0)
    for name, data in files(tmp_path).items():
        stem, suffix = name.split(".", 1)
        for share in (0.2, 0.6, 0.95):
            yield f"{stem}_cut{share}.{suffix}", data[: int(share * len(data))]
        for k in range(2):
            flipped = bytearray(data)
            for _ in range(max(2, len(data) // 200)):
                flipped[rng.randrange(len(data))] = rng.randrange(256)
            yield f"{stem}_flip{k}.{suffix}", bytes(flipped)
        yield f"{stem}_twice.{suffix}", data + data
