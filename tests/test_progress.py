"""Progress: a bar on a terminal, plain lines elsewhere, and a share that grows to 1."""

import io

from classifier import progress
from classifier.batch import run
from classifier.parts import Settings


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(out, monkeypatch):
    """What two updates show, 60 and 120 seconds into a run."""
    now = iter([0, 60, 120])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    monkeypatch.setenv("COLUMNS", "100")
    with progress.Progress(out) as bar:
        bar.update(10, 600, 0.25)
        bar.update(20, 1200, 0.5)
    return out.getvalue()


def test_a_terminal_gets_a_bar_that_is_wiped_at_the_end(monkeypatch):
    first, second, end = shown(Terminal(), monkeypatch).split("\r\033[K")[1:]
    assert first.startswith("[#####---------------] 25%, 0:03:00 left, 10 documents")
    assert second.startswith("[##########----------] 50%, 0:02:00 left") and not end


def test_elsewhere_lines_are_plain(monkeypatch):
    lines = shown(io.StringIO(), monkeypatch).splitlines()
    assert lines[1] == "50%, 0:02:00 left, 20 documents, 1,200 sentences, 10 a second"


def test_the_share_grows_to_all(tmp_path):
    for i in range(130):
        (tmp_path / f"{i:03}.txt").write_text("We act.")
    rows = "".join(f"{i},We act.\n" for i in range(1100))
    (tmp_path / "table.csv").write_text("id,text\n" + rows)
    (tmp_path / "z.txt").write_text("We act.")
    found = []
    run([tmp_path], Settings(tmp_path / "tags.csv", model="fast"),
        progress=lambda *values: found.append(values))
    shares = [share for _, _, share in found]
    assert len(found) == 7 and shares == sorted(shares) and 0.5 < shares[-1] <= 1
    assert found[-1][0] == 1231
