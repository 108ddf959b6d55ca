"""A report shows what documents say and never runs it."""

import csv
import itertools
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from classifier import load_model
from classifier.cli import main
from classifier.errors import ReadError
from classifier.report import report
from classifier.tagging import columns

NAMES = columns(["measure", "rationale", "statistic", "criticism", "other"])
OPENERS = ["", "\"", "'", "`", ">", "\">", "'>", "</script>", "</textarea>", "-->", "]]>",
           "</style>", "{{7*7}}", "{% raw %}", "\u2028", "\\", "</SCRIPT\t>", "<!--",
           "\\u003c"]
BODIES = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
          "javascript:alert(1)", "<iframe src=//evil.example>", "<a href=javascript:alert(1)>x</a>",
          "<style>@import '//evil.example'</style>", "<base href=//evil.example>",
          "<meta http-equiv=refresh content=0>", "<ScRiPt src=//evil.example></ScRiPt>",
          "<math><mtext><script>alert(1)</script>"]
PAYLOADS = [a + b for a, b in itertools.product(OPENERS, BODIES)]


def write_tags(path, rows):
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, NAMES)
        table.writeheader()
        for i, row in enumerate(rows):
            table.writerow({"document": "a", "index": i, "paragraph": 0, "text": "We act.",
                            "label": "measure", "confidence": 0.9, "review": False} | row)


class Elements(HTMLParser):
    """Collects the elements and the texts of script elements."""

    def __init__(self):
        super().__init__()
        self.found, self.scripts = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.scripts and self.lasttag == "script":
            self.scripts[-1] += data


def parse(html):
    elements = Elements()
    elements.feed(html)
    return elements


def test_no_payload_becomes_an_element(tmp_path):
    assert len(PAYLOADS) >= 200
    plain, hostile = tmp_path / "plain.csv", tmp_path / "hostile.csv"
    n = len(PAYLOADS)
    write_tags(plain, [{"document": f"d{i}/a"} for i in range(n)])
    write_tags(hostile, [{"document": f"{p}/a", "text": p, "page": p, "paragraph": p}
                         for p in PAYLOADS])
    quoted = ('"' + payload.replace('"', '""') + '"' for payload in PAYLOADS)
    hostile.with_name("hostile.ledger.csv").write_text(
        "document,status,notes,date\n" + "".join(f"{q},failed: x,y,\n" for q in quoted), "utf-8")
    expected, found = parse(report(plain)), parse(report(hostile, title=PAYLOADS[7]))
    kinds = {tag for tag, _ in expected.found} | {"p", "section", "thead", "tbody"}
    assert {tag for tag, _ in found.found} <= kinds
    assert len(found.scripts) == len(expected.scripts) == 3
    assert found.scripts[2].strip() == expected.scripts[2].strip()
    texts = [s[0] for d in json.loads(found.scripts[0]) for s in d["sentences"]]
    assert sorted(texts) == sorted(PAYLOADS)
    for _, attrs in found.found:
        assert not any(key.startswith("on") or key in ("src", "href") for key in attrs)


def test_the_policy_allows_no_network(tmp_path):
    write_tags(tmp_path / "t.csv", [{}])
    html = report(tmp_path / "t.csv")
    assert "default-src 'none'" in html and "http://" not in html and "https://" not in html


def test_the_page_says_what_made_the_tags(tmp_path):
    write_tags(tmp_path / "t.csv", [{}])
    assert "Labelled by" not in report(tmp_path / "t.csv")
    beside = tmp_path / "t.run.json"
    facts = {"model": PAYLOADS[0], "model_sha256": "1a2b3c4d5e", "policytag": "0.1.0"}
    beside.write_text(json.dumps(facts))
    html = report(tmp_path / "t.csv")
    assert "1a2b3c4d…, policytag 0.1.0." in html and len(parse(html).scripts) == 3
    beside.write_text("[]")
    with pytest.raises(ReadError, match="what made"):
        report(tmp_path / "t.csv")


def test_labels_of_the_table_are_data_too(tmp_path):
    write_tags(tmp_path / "t.csv", [{"label": "<script>alert(1)</script>"}])
    assert len(parse(report(tmp_path / "t.csv")).scripts) == 3


def test_large_runs_show_a_part_and_say_so(tmp_path):
    write_tags(tmp_path / "t.csv", [{"document": f"d{i // 10}"} for i in range(25_000)])
    html = report(tmp_path / "t.csv")
    assert "2,000 documents with 20,000 of the 25,000 sentences" in " ".join(html.split())


def test_deciding_words_stand_in_their_sentence(tmp_path):
    text = "The ministry 𝔹 has banned the sale of kerosene."
    write_tags(tmp_path / "t.csv", [{"text": text}])
    html = report(tmp_path / "t.csv", model=load_model("fast"))
    [[sentence]] = [d["sentences"] for d in json.loads(parse(html).scripts[0])]
    words = [text[start:end] for start, end in sentence[6]]
    assert words and all(word in text.split() + ["."] or word in text for word in words)


def test_a_column_of_the_ledger_is_compared_or_named_as_missing(tmp_path):
    write_tags(tmp_path / "t.csv", [{"document": f"d{i}"} for i in range(4)])
    (tmp_path / "t.ledger.csv").write_text(
        "document,status,notes,date,sender\n"
        + "".join(f"d{i},ok,,,office {i % 2}\n" for i in range(4)), "utf-8")
    html = report(tmp_path / "t.csv", by="sender")
    assert "By sender" in html and "office 0" in html and "office 1" in html
    with pytest.raises(ReadError, match="no column 'country' in its ledger"):
        report(tmp_path / "t.csv", by="country")


@pytest.mark.parametrize(("n", "names"), [(30, ["2020-01", "2022-06"]), (60, ["2020", "2024"])])
def test_dates_are_compared_by_month_or_of_many_by_year(tmp_path, n, names):
    write_tags(tmp_path / "t.csv", [{"document": f"d{i}"} for i in range(n)])
    rows = (f"d{i},ok,,{2020 + i // 12}-{i % 12 + 1:02}-05T10:00:00\n" for i in range(n))
    (tmp_path / "t.ledger.csv").write_text("document,status,notes,date\n" + "".join(rows), "utf-8")
    html = report(tmp_path / "t.csv")
    assert "Over time" in html and all(f'<th scope="row">{name}</th>' in html for name in names)


def test_of_many_folders_none_is_left_out(tmp_path):
    rows = [{"document": f"a/f{i:02}/x"} for i in range(50)] + [{"document": "a/f49/y"}]
    write_tags(tmp_path / "t.csv", rows)
    html = report(tmp_path / "t.csv")
    assert "10 others" in html and ">f49</th>" in html


def test_title_sender_and_date_of_a_document_are_data_of_the_page(tmp_path):
    write_tags(tmp_path / "t.csv", [{}])
    (tmp_path / "t.ledger.csv").write_text(
        "document,status,title,date,sender\na,ok,</script>A bill,2024-05-02,Ministry\n", "utf-8")
    elements = parse(report(tmp_path / "t.csv"))
    found = json.loads(elements.scripts[0])[0]
    assert (found["title"], found["about"]) == ("</script>A bill", "Ministry · 2024-05-02")


def test_every_label_of_many_has_a_fill_and_a_pattern(tmp_path):
    write_tags(tmp_path / "t.csv", [{"label": f"label{k:02}"} for k in range(13)])
    page = report(tmp_path / "t.csv")
    used = set(re.findall(r"url\(#(p\d+)\)", page))
    assert len(used) == 10
    assert used <= set(re.findall(r'<pattern id="(p\d+)"', page))


def test_what_is_no_table_of_tags_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    result = CliRunner().invoke(main, ["report", str(path), "-o", str(tmp_path / "r.html")])
    assert result.exit_code == 1 and "t.csv: row 1" in result.output


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_the_page_renders_in_a_browser(tmp_path):
    """The script ran under the policy if the list of documents is in the page."""
    write_tags(tmp_path / "t.csv", [{"document": "letter.txt", "text": "<b>We</b> act."}])
    page = tmp_path / "r.html"
    page.write_text(report(tmp_path / "t.csv"), "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    dom = subprocess.run(["chromium", *flags, page.as_uri()], capture_output=True, text=True,
                         timeout=120).stdout
    assert "1 documents, 1 sentences" in dom and "&lt;b&gt;We&lt;/b&gt; act." in dom
    assert 'aria-current="true"' in dom
