"""A Dask cluster gives the same bytes as one process, also when a worker dies."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner
from makers import outputs

from classifier.batch import run
from classifier.cli import main
from classifier.cluster import work
from classifier.parts import Settings

pytest.importorskip("distributed")


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers; yields its address and the worker processes."""
    address = f"tcp://127.0.0.1:{free_port()}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker"]
    processes = [subprocess.Popen(
        [*dask, "--host", "127.0.0.1", "--port", address.rsplit(":", 1)[1], "--no-dashboard"],
        **quiet)]
    processes += [subprocess.Popen(
        [*worker, address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
         "--local-directory", str(tmp_path / f"scratch{k}")], **quiet) for k in range(2)]
    yield address, processes[1:]
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    rng = random.Random(0)
    words = "the port ministry banned ferries because 40 boats sank and critics object".split()
    for i in range(1500):
        (folder / f"{i:04}.txt").write_text(" ".join(rng.choices(words, k=400)) + ".")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 no")
    return folder


@pytest.mark.parametrize("kills", [False, True])
def test_a_cluster_gives_the_same_bytes(cluster, archive, tmp_path, kills):
    address, workers = cluster
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    run([archive], Settings(here, model="fast"))
    parts = there.with_name("there.csv.parts")

    def kill_one():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if len(list(parts.glob("*"))) > 4:
                    break
            time.sleep(0.01)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    if kills:
        killer.start()
    run([archive], Settings(there, model="fast"), scheduler=address)
    if kills:
        killer.join()
        assert workers[0].wait(10) == -signal.SIGKILL
    assert outputs(here)[0] == outputs(there)[0]
    assert outputs(here)[1] == outputs(there)[1]


def test_no_scheduler_is_one_clear_line(tmp_path):
    (tmp_path / "a.txt").write_text("We act.")
    done = CliRunner().invoke(main, [
        "tag", str(tmp_path / "a.txt"), "-o", str(tmp_path / "o.csv"), "--model", "fast",
        "--backend", "dask", "--scheduler", f"tcp://127.0.0.1:{free_port()}"])
    assert done.exit_code == 1 and "no Dask scheduler" in done.output


def test_local_work_gives_every_result():
    assert sorted(work(abs, iter(range(-50, 0)), workers=2)) == list(range(1, 51))


@pytest.mark.parametrize("before", [{}, {"PYTHONSAFEPATH": ""}])
def test_work_leaves_the_environment_as_it_was(monkeypatch, before):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    environment = dict(os.environ)
    assert set(work(_safe_path_of, iter(range(9)), workers=2)) == {"1"}
    assert dict(os.environ) == environment


def _safe_path_of(_):
    return os.environ["PYTHONSAFEPATH"]
