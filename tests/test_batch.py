"""A batch loses nothing: kills, changed settings, numbers of workers, formats of output."""

import csv
import errno
import gzip
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from makers import outputs, xlsx, zipped

from classifier import __version__, batch
from classifier.artifact import locate
from classifier.batch import run
from classifier.cli import main
from classifier.corpus import load
from classifier.errors import ClassifierError, ModelError, ResumeError, WriteError
from classifier.files import find
from classifier.parts import Settings
from classifier.tags import read_rows
from classifier.training import train, trainer


def fast(output, **options):
    return Settings(output, model="fast", **options)


N_KILLS = int(os.environ.get("POLICYTAG_KILLS", "6"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """400 small documents, a table, and some that fail."""
    folder = tmp_path_factory.mktemp("archive")
    rng = random.Random(0)
    words = "the port ministry banned ferries because 40 boats sank and critics object".split()
    for i in range(400):
        text = " ".join(rng.choices(words, k=60)).replace(" and ", ". And ")
        (folder / f"{i:03}.txt").write_text(text)
    with (folder / "table.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "text"])
        rows.writerows([f"row{i}", " ".join(rng.choices(words, k=20))] for i in range(1200))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 no")
    (folder / "empty.txt").write_text("")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    os.mkfifo(folder / "pipe.txt")
    (folder / "loop").symlink_to(folder)
    (folder / ("n" * 250 + ".txt")).write_text("A long name.")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("A broken name.")
    return folder


@pytest.fixture(scope="module")
def expected(archive, tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "tags.csv"
    run([archive], fast(out), workers=1)
    return outputs(out)


def test_no_document_is_missing_from_the_ledger(archive, expected):
    header, *rows = expected[1]
    ledger = [dict(zip(header, row, strict=True)) for row in rows]
    assert len(ledger) == 400 + 1200 + 1 + 1 + 1 + 1 + 1 + 2
    status = {row["document"].rsplit("/", 1)[-1]: row["status"] for row in ledger}
    assert status["broken.pdf"].startswith("failed: damaged")
    assert status["pipe.txt"].startswith("skipped: not a regular")
    assert (status["empty.txt"], status["row7"]) == ("empty", "ok")
    assert status["picture.png"].startswith("skipped")
    assert status["loop"] == "skipped: not a regular file"
    rows = list(csv.DictReader(expected[0].decode().splitlines()))
    assert len(rows) == sum(int(row["sentences"]) for row in ledger)


def test_rows_of_several_tables_have_names_of_their_own(tmp_path):
    table = "id,text\n1,We act.\n,It fell.\n"
    sheet = xlsx([["id", "text"], [1, "We act."]])
    packed = gzip.compress(table.encode())
    made = {"a.txt": b"We act.", "b.csv": table.encode(), "c.csv": table.encode(), "d.xlsx": sheet,
            "e.zip": zipped({"a.csv": table, "b.csv": table}), "f.csv.gz": packed}
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    run([tmp_path], fast(tmp_path / "tags.csv"))
    names = [row[0].removeprefix(f"{tmp_path}/") for row in outputs(tmp_path / "tags.csv")[1][1:]]
    assert names == [
        "a.txt", "1", "b.csv#2", "c.csv#1", "c.csv#2", "d.xlsx#1", "e.zip!a.csv#1",
        "e.zip!a.csv#2", "e.zip!b.csv#1", "e.zip!b.csv#2", "f.csv.gz#1", "f.csv.gz#2"]
    for alone in ("d.xlsx", "f.csv.gz"):
        run([tmp_path / alone], fast(tmp_path / "alone.csv"))
        assert outputs(tmp_path / "alone.csv")[1][1][0] == "1"


def test_an_id_that_is_there_twice_names_one_row_alone(tmp_path):
    rows = [{"id": str(i % 400), "text": f"We act {i}."} for i in range(1000)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with (tmp_path / "b.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *(row.values() for row in rows)])
    paths, settings = [tmp_path / "a.jsonl", tmp_path / "b.csv"], fast(tmp_path / "tags.csv")
    cut_before_its_end(paths, settings)
    settings.part_paths(1)[0].unlink()
    run(paths, settings, resume=True)
    header, *ledger = outputs(settings.output)[1]
    names = [row[0] for row in ledger]
    assert (names[399], names[400], names[999]) == ("399", "0#401", "199#1000")
    assert names[1000:] == [f"{tmp_path}/b.csv#{name}" for name in names[:1000]]
    assert ledger[400][header.index("notes")] == "an earlier document is named '0' too"
    run(paths, fast(tmp_path / "whole.csv"))
    assert outputs(settings.output) == outputs(tmp_path / "whole.csv")
    table = "id,text\n,First one.\n1,Second one."  # the name of a row without an id, made twice
    (tmp_path / "c.csv").write_text(table)
    (tmp_path / "d.xlsx").write_bytes(xlsx([["id", "text"], [None, "First."], [1, "Second."]]))
    run([tmp_path / name for name in ("a.jsonl", "c.csv", "d.xlsx")], fast(tmp_path / "tags.csv"))
    assert [row[0] for row in outputs(tmp_path / "tags.csv")[1][-4:]] == [
        f"{tmp_path}/{name}" for name in ("c.csv#1", "c.csv#1#2", "d.xlsx#1", "d.xlsx#1#2")]


def test_a_run_says_what_made_it(tmp_path):
    (tmp_path / "a.txt").write_text("We act.")
    run([tmp_path / "a.txt"], fast(tmp_path / "tags.db"))
    facts = json.loads((tmp_path / "tags.run.json").read_text("utf-8"))
    assert (facts["policytag"], facts["model"], facts["format"]) == (__version__, "fast", "db")
    assert facts["model_sha256"] == hashlib.sha256(locate("fast").read_bytes()).hexdigest()


def test_the_ledger_has_the_digest_of_each_file(tmp_path):
    made = {"a.txt": b"We act.\r\n", "t.csv": b"id,text\n1,We act.\n2,It fell.\n",
            "bad.pdf": b"%PDF-1.4 no", "z.zip": zipped({"a.txt": "We act.", "b.txt": "So."}),
            "p.png": b"\x89PNG", "bad.jsonl": b'{"id": 1}'}
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    run([tmp_path], fast(tmp_path / "tags.csv"))
    header, *rows = outputs(tmp_path / "tags.csv")[1]
    for row in (dict(zip(header, row, strict=True)) for row in rows):
        data = made[os.path.basename(row["path"])]
        assert (row["sha256"], row["bytes"]) == (hashlib.sha256(data).hexdigest(), str(len(data)))
    assert {os.path.basename(row[1]) for row in rows} == set(made)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs /proc")
def test_a_file_that_opens_but_cannot_be_read_is_a_row_of_the_ledger(tmp_path):
    (tmp_path / "a.txt").write_text("We act.")
    (tmp_path / "x.pdf").symlink_to("/proc/self/mem")
    run([tmp_path], fast(tmp_path / "tags.csv"))
    header, *rows = outputs(tmp_path / "tags.csv")[1]
    assert {os.path.basename(row[0]): row[header.index("status")] for row in rows} == {
        "a.txt": "ok", "x.pdf": f"failed: {os.strerror(errno.EIO)}"}


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_do_not_change_a_byte(archive, expected, tmp_path, workers):
    out = tmp_path / "tags.csv"
    run([archive], fast(out), workers=workers)
    assert outputs(out) == expected


def test_kills_lose_and_change_nothing(archive, expected, tmp_path):
    """Runs are killed at random moments and go on; at last one ends by itself."""
    rng = random.Random(1)
    out = tmp_path / "tags.csv"
    command = [sys.executable, "-m", "classifier", "tag", str(archive), "-o", str(out), "--resume",
               "--model", "fast"]
    n_cut = 0
    for kill in range(N_KILLS):
        env = {**os.environ, "PYTHONHASHSEED": str(kill)}
        workers = str(rng.choice([1, 2]))
        process = subprocess.Popen([*command, "--workers", workers], env=env,
                                   start_new_session=True, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.2, 1.2))
        n_cut += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        if out.exists():
            assert outputs(out) == expected
            out.unlink()
    assert subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 3
    assert outputs(out) == expected
    assert n_cut > 0 and not out.with_name("tags.csv.parts").exists()


def unfinished(out, archive):
    """Leave what a run leaves that was cut before its end."""
    settings = fast(out)
    settings.folder.mkdir()
    (settings.folder / "settings.sha256").write_text(settings.fingerprint())
    return settings


def test_an_unfinished_run_is_not_overwritten_by_accident(archive, tmp_path):
    settings = unfinished(tmp_path / "tags.csv", archive)
    with pytest.raises(ResumeError, match="--resume"):
        run([archive], settings)


def test_changed_options_refuse_to_resume(archive, tmp_path):
    unfinished(tmp_path / "tags.csv", archive)
    with pytest.raises(ResumeError, match="version, model or options"):
        run([archive], fast(tmp_path / "tags.csv", excel=True), resume=True)


def test_a_journal_cut_in_its_last_line_counts_for_nothing(archive, expected, tmp_path):
    settings = unfinished(tmp_path / "tags.csv", archive)
    settings.journal_path.write_text('{"index": 0, "finge')
    run([archive], settings, resume=True)
    assert outputs(settings.output) == expected


def cut_before_its_end(paths, settings):
    """Run until all parts are there and the output is not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "assemble", lambda *_: (_ for _ in ()).throw(WriteError("cut")))
        with pytest.raises(WriteError, match="cut"):
            run(paths, settings)


def test_changed_files_are_read_again(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("We act.")
    settings = fast(tmp_path / "tags.csv")
    cut_before_its_end([path], settings)
    path.write_text("We act. They do not.")
    assert run([path], settings, resume=True).sentences == 2


def test_only_parts_that_are_not_what_was_written_are_made_anew(
    archive, expected, tmp_path, monkeypatch
):
    settings = fast(tmp_path / "tags.csv")
    cut_before_its_end([archive], settings)
    settings.part_paths(1)[0].unlink()
    for path in (settings.part_paths(2)[0], settings.part_paths(3)[1]):  # as after a power failure
        path.write_bytes(bytes(path.stat().st_size))
    made, do_task = [], batch.do_task
    monkeypatch.setattr(
        batch, "do_task", lambda task, settings: made.append(task.index) or do_task(task, settings)
    )
    run([archive], settings, resume=True)
    assert made == [1, 2, 3] and outputs(settings.output) == expected


def test_a_part_that_lost_bytes_in_its_own_run_is_not_joined(archive, tmp_path, monkeypatch):
    settings, do_task = fast(tmp_path / "tags.csv"), batch.do_task

    def losing(task, settings):
        done = do_task(task, settings)
        rows = settings.part_paths(done.index)[0]
        rows.write_bytes(rows.read_bytes()[:-10])
        return done

    monkeypatch.setattr(batch, "do_task", losing)
    with pytest.raises(ClassifierError, match="not as they were written"):
        run([archive], settings)
    assert settings.folder.is_dir() and not settings.output.exists()


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "db"])
def test_the_same_rows_are_the_same_bytes(tmp_path, suffix):
    path = tmp_path / "a.txt"
    path.write_text("We act. It costs 5.")
    out = tmp_path / f"tags.{suffix}"
    found = set()
    for _ in range(2):
        path.touch()
        run([path], fast(out))
        data = out.read_bytes()
        found.add(data if suffix != "db" else b"".join(without_seconds(out)))
        time.sleep(1.1)
    assert len(found) == 1


def without_seconds(path):
    with sqlite3.connect(path) as link:
        link.execute("update documents set seconds = 0")
        return [line.encode() for line in link.iterdump()]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet", "xlsx", "db"])
def test_every_format_holds_the_same_rows(archive, expected, tmp_path, suffix):
    out = tmp_path / f"tags.{suffix}"
    result = run([archive], fast(out), workers=1)
    wanted = [row["text"] for row in csv.DictReader(expected[0].decode().splitlines())]
    if suffix == "jsonl":
        found = [json.loads(line)["text"] for line in out.read_text().splitlines()]
    elif suffix == "parquet":
        import pyarrow.parquet
        found = pyarrow.parquet.read_table(out)["text"].to_pylist()
    elif suffix == "xlsx":
        import openpyxl
        sheet = openpyxl.load_workbook(out, read_only=True).active
        found = [row[6] for row in sheet.iter_rows(min_row=2, values_only=True)]
    else:
        link = sqlite3.connect(out)
        found = [row[0] for row in link.execute("select text from sentences order by rowid")]
        n = link.execute("select count(*) from documents").fetchone()[0]
        assert n == sum(result.statuses.values())
        assert link.execute("select sum(n) from shares").fetchone()[0] == len(found)
        assert link.execute(
            "select count(*) from sentences_text where sentences_text match 'ministry'"
        ).fetchone()[0] > 0
    assert found == wanted
    assert [row.text for row in read_rows(out)] == wanted


def test_no_cell_is_a_formula(tmp_path):
    import openpyxl

    text = "=cmd|'/c calc'!A0 was written. +1 is it. -2 too. @SUM(A1) as well. ＝1 is full width."
    path = tmp_path / "a.txt"
    path.write_text(text + "\x01\x0b end")
    for name in ("t.xlsx", "t.csv"):
        run([path], fast(tmp_path / name, excel=True))
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    data = (tmp_path / "t.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    for row in csv.DictReader(data.decode("utf-8-sig").splitlines()):
        assert row["text"][0] not in "=+-@＝"


def test_an_unknown_output_fails_before_the_work(archive, tmp_path):
    with pytest.raises(WriteError, match=r"known: \.csv"):
        run([archive], fast(tmp_path / "tags.docx"))


def test_an_output_is_never_an_input(tmp_path):
    (tmp_path / "a.txt").write_text("We act.")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.txt").write_text("Hidden.")
    for _ in range(2):
        assert run([tmp_path], fast(tmp_path / "tags.csv")).statuses == {"ok": 1}
    with pytest.raises(WriteError, match="to be read"):
        run([tmp_path / "tags.csv"], fast(tmp_path / "tags.csv"))


def test_the_ledger_counts_the_models_own_labels(tmp_path):
    rows = "".join(f"we ban it,yes,d{i}\nprices rose,no,d{i}\n" for i in range(6))
    (tmp_path / "mine.csv").write_text("text,label,document\n" + rows)
    train(load(tmp_path / "mine.csv", None), tmp_path / "mine.zip", trainer("fast"))
    (tmp_path / "a.txt").write_text("We ban it. We ban it.")
    run([tmp_path / "a.txt"], Settings(tmp_path / "t.db", model=str(tmp_path / "mine.zip")))
    header, row = outputs(tmp_path / "t.db")[1]
    assert "measure" not in header and row[header.index("yes")] == "2"
    with sqlite3.connect(tmp_path / "t.db") as link:
        assert link.execute('select "yes", "no" from documents').fetchall() == [(2, 0)]


def test_a_wrong_model_leaves_nothing_behind(tmp_path):
    with pytest.raises(ModelError):
        run([tmp_path], Settings(tmp_path / "tags.csv", model="nosuch"))
    assert not list(tmp_path.iterdir())


def test_a_path_that_is_not_there_fails(tmp_path):
    result = run([tmp_path / "letterz"], fast(tmp_path / "tags.csv"))
    assert [entry.status for entry in result.failures] == ["failed: No such file or directory"]


def test_pipes_work(tmp_path):
    command = ["tag", "-", "--workers", "1", "--model", "fast"]
    result = CliRunner().invoke(main, command, input="We ban it. It fell.")
    assert result.exit_code == 0
    assert [row["text"] for row in csv.DictReader(result.stdout.splitlines())] == [
        "We ban it.", "It fell."]


def test_json_lines_to_standard_output(tmp_path):
    command = ["tag", "-", "--workers", "1", "--model", "fast", "--format", "jsonl", "-o"]
    result = CliRunner().invoke(main, [*command, "-"], input="We ban it. It fell.")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["text"] for row in rows] == ["We ban it.", "It fell."]
    assert CliRunner().invoke(main, [*command, str(tmp_path / "a.csv")]).exit_code == 2


def test_the_ledger_notices_a_document_in_another_language(tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for name, text in (("a", "The ministry has closed the ferry port for a year."),
                       ("b", "Ministeriet stengte fergehavnen gjennom hele vinteren.")):
        (folder / f"{name}.txt").write_text(text, "utf-8")
    run([folder], fast(tmp_path / "tags.csv"), workers=1)
    header, *rows = outputs(tmp_path / "tags.csv")[1]
    english, other = (float(row[header.index("unknown_words")]) for row in rows)
    assert english < 0.2 < 0.6 < other


@pytest.mark.parametrize("name", [
    "tags.csv", "folder/../tags.csv", "link.txt", "linked/tags.csv", "TAGS.CSV"])
def test_no_input_is_written_over_by_whatever_name(tmp_path, name):
    out = tmp_path / "tags.csv"
    out.write_text("id,text\n1,We act.\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.txt").symlink_to(out)
    (tmp_path / "linked").symlink_to(tmp_path)
    if not (tmp_path / "TAGS.CSV").exists():
        os.link(out, tmp_path / "TAGS.CSV")  # one file by both names, as where case is folded
    with pytest.raises(WriteError, match="would be written over"):
        run([tmp_path / name], fast(out))
    assert out.read_text() == "id,text\n1,We act.\n"


def test_an_output_in_a_folder_is_passed_over_by_whatever_name(tmp_path):
    (tmp_path / "a.txt").write_text("We act.")
    out = tmp_path / "tags.csv"
    run([tmp_path], fast(out))
    if not (tmp_path / "TAGS.CSV").exists():
        os.link(out, tmp_path / "TAGS.CSV")
    assert find([tmp_path], fast(out).own_paths) == [str(tmp_path / "a.txt")]
