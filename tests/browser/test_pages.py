"""The pages in a real browser: what a reader does works, and the console stays empty.

    make browser        # Debian's chromium and the package playwright; pictures in build/pictures
"""

import csv
import json
import shutil
from pathlib import Path

import pytest

from classifier import load_model
from classifier.batch import run as tag_all
from classifier.corpus import load
from classifier.evaluation_report import page as evaluation_page
from classifier.isolation import Limits
from classifier.parts import Settings
from classifier.readers.base import ReadOptions
from classifier.report import report

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "build" / "pictures"
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
VIEWS = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "narrow": {"viewport": {"width": 390, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A report over corpus documents, a hostile one and a broken file; an evaluation."""
    folder = tmp_path_factory.mktemp("pages")
    letters = folder / "letters"
    letters.mkdir()
    documents = load(ROOT / "corpus")[:30]
    for document in documents:
        (letters / f"{document.id}.txt").write_text("\n\n".join(document.texts), "utf-8")
    (letters / "<img src=x onerror=alert(1)>.txt").write_text(
        "<script>alert(1)</script> was written on the wall. Nobody read it.", "utf-8")
    (letters / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    settings = Settings(folder / "tags.csv", "fast", ReadOptions(), Limits(), False)
    tag_all([letters], settings, workers=1)
    model = load_model("fast")
    (folder / "report.html").write_text(
        report(folder / "tags.csv", title="Letters", model=model), "utf-8")
    proba = model.predict_proba([d.texts for d in documents])
    (folder / "evaluation.html").write_text(evaluation_page(
        documents, proba, model.labels, title="Evaluation", model="fast"), "utf-8")
    return folder


def visit(browser, path, **view):
    """An open page, and what it said on its console or fetched from elsewhere."""
    said = []
    tab = browser.new_context(**view).new_page()
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    tab.on("request", lambda request: said.append(request.url)
           if not request.url.startswith("file:") else None)
    tab.goto(path.as_uri())
    return tab, said


@pytest.mark.parametrize("name", ["report", "evaluation"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_page_opens_without_a_word_on_the_console(browser, pages, name, view):
    tab, said = visit(browser, pages / f"{name}.html", **VIEWS[view])
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=PICTURES / f"{name}-{view}.png", full_page=True)
    wider = tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert said == [] and not wider
    tab.context.close()


@pytest.mark.parametrize("name", ["report", "evaluation"])
def test_a_page_prints(browser, pages, name):
    tab, said = visit(browser, pages / f"{name}.html")
    PICTURES.mkdir(parents=True, exist_ok=True)
    pdf = tab.pdf(path=PICTURES / f"{name}.pdf", format="A4")
    assert pdf.startswith(b"%PDF") and said == []
    tab.context.close()


def test_a_reader_filters_opens_hovers_and_searches(browser, pages):
    with (pages / "tags.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    tab, said = visit(browser, pages / "report.html", **VIEWS["wide"])
    everything = tab.locator("#found").inner_text()
    assert f"{len(rows)} sentences" in everything
    tab.select_option("#label", label="criticism")
    n = sum(row["label"] == "criticism" for row in rows)
    assert f"{n} sentences" in tab.locator("#found").inner_text()
    tab.select_option("#label", label="all")
    tab.fill("#low", "0.9")
    n = sum(float(row["confidence"]) >= 0.9 for row in rows)
    assert f", {n} sentences" in tab.locator("#found").inner_text()
    tab.fill("#low", "0")
    tab.fill("#q", "written on the wall")
    tab.locator("#documents button").first.click()
    shown = tab.locator("#document").inner_text()
    assert "<script>alert(1)</script>" in shown and "<img src=x onerror" in shown
    tab.fill("#q", "")
    tab.locator("#documents button").nth(2).click()
    sentence = tab.locator("#document .s:has(mark)").first
    sentence.hover()
    mark = sentence.locator("mark").first
    assert mark.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(255, 224, 138)"
    assert said == []
    tab.context.close()


def test_the_keyboard_is_enough(browser, pages):
    tab, said = visit(browser, pages / "report.html", **VIEWS["wide"])
    first = tab.locator("#document h3").inner_text()
    tab.keyboard.press("j")
    assert tab.locator("#document h3").inner_text() != first
    tab.keyboard.press("k")
    assert tab.locator("#document h3").inner_text() == first
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "q"
    assert said == []
    tab.context.close()


def test_no_script_of_the_page_comes_from_a_document(browser, pages):
    tab, _ = visit(browser, pages / "report.html")
    assert tab.locator("script").count() == 3
    data = json.loads(tab.locator("#data").text_content())
    assert any("<script>" in s[0] for d in data for s in d["sentences"])
    tab.context.close()
