"""A model file is data: whatever is wrong with it, the answer is ModelError, soon."""

import io
import json
import os
import pickle
import random
import resource
import time
import zipfile

import numpy as np
import pytest

from classifier import ModelError, SentenceClassifier, load_model
from classifier.artifact import save

TEXTS = ["we ban it", "they ban it", "prices rose", "costs rose"] * 5
LABELS = ["measure", "measure", "statistic", "statistic"] * 5
N_MUTANTS = int(os.environ.get("POLICYTAG_MUTANTS", "10000"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "good.zip"
    save(SentenceClassifier(n_buckets=64).fit(TEXTS, LABELS).model_, path, {})
    return path


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            archive.writestr(name, data)


def resigned(parts):
    """The parts with sha256 sums that match, as a careful attacker would write them."""
    import hashlib

    manifest = json.loads(parts["manifest.json"])
    if isinstance(manifest, dict) and isinstance(manifest.get("sha256"), dict):
        for name, data in parts.items():
            if name != "manifest.json":
                manifest["sha256"][name] = hashlib.sha256(data).hexdigest()
    return parts | {"manifest.json": json.dumps(manifest).encode()}


VALUES = [None, True, -1, 0, 2**70, 1e999, float("nan"), "", "x" * 10_000, [], [[]], {}, ["a", 1],
          "../x", "\ud800", ["other", "other"]]


def mutants(good, rng):
    data, parts = good.read_bytes(), parts_of(good)
    manifest = json.loads(parts["manifest.json"])
    arrays = [name for name in parts if name.endswith(".npy")]
    shapes = [(0,), (1,), (3, 3), (2**12, 2), (64, 2), (2,)]
    kinds = ["<f4", "<f8", "<i8", "|b1", "<U4", "<c16", ">f8"]
    while True:
        kind = rng.randrange(6)
        if kind == 0:
            changed = bytearray(data)
            for _ in range(rng.choice([1, 1, 8, 64])):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            yield bytes(changed)
        elif kind == 1:
            yield data[: rng.randrange(len(data))]
        elif kind == 2:
            key = rng.choice(sorted(manifest))
            changed_manifest = manifest | {key: rng.choice(VALUES)}
            yield zipped(parts | {"manifest.json": json.dumps(changed_manifest).encode()})
        elif kind == 3:
            out = io.BytesIO()
            array = np.zeros(rng.choice(shapes)).astype(rng.choice(kinds))
            if array.dtype.kind == "f" and rng.random() < 0.3:
                array = array + np.nan
            np.save(out, array, allow_pickle=False)
            yield zipped(resigned(parts | {rng.choice(arrays): out.getvalue()}))
        elif kind == 4:
            name, other = rng.sample(sorted(parts), 2)
            yield zipped(parts | {name: parts[other]})
        else:
            name = rng.choice(arrays)
            changed = bytearray(parts[name])
            changed[rng.randrange(min(128, len(changed)))] = rng.randrange(256)
            yield zipped(resigned(parts | {name: bytes(changed)}))


def zipped(parts):
    out = io.BytesIO()
    write(out, parts.items())
    return out.getvalue()


def test_mutants_give_model_errors_or_a_model_that_answers(good, tmp_path):
    """A change may hit what a model need not agree on (a note, a zip date); then it still works."""
    rng, path = random.Random(0), tmp_path / "mutant.zip"
    stream, refused, slowest = mutants(good, rng), 0, 0.0
    for _ in range(N_MUTANTS):
        path.write_bytes(next(stream))
        started = time.perf_counter()
        try:
            proba = load_model(path).predict_proba([["we ban it"]])
            assert np.isfinite(proba).all() and proba.shape[1] >= 2
        except ModelError:
            refused += 1
        slowest = max(slowest, time.perf_counter() - started)
    assert refused > N_MUTANTS // 2
    assert slowest < 2


@pytest.mark.parametrize("change", [
    lambda parts: [*parts.items(), ("../evil.txt", b"x")],
    lambda parts: [*parts.items(), ("manifest.json", b"{}")],
    lambda parts: [("/etc/passwd", b"x")],
    lambda parts: [],
    lambda parts: [(f"{i}.npy", b"") for i in range(1000)],
])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_names_are_refused(good, tmp_path, change):
    path = tmp_path / "m.zip"
    write(path, change(parts_of(good)))
    with pytest.raises(ModelError):
        load_model(path)


def test_a_zip_bomb_is_refused_before_it_is_inflated(good, tmp_path):
    path = tmp_path / "bomb.zip"
    write(path, (parts_of(good) | {"weights.npy": bytes(300 * 2**20)}).items())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="than a model may|size limits"):
        load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl", "model.zip"])
def test_a_pickle_is_refused_and_never_runs(tmp_path, name):
    class Canary:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    path = tmp_path / name
    path.write_bytes(pickle.dumps(Canary()))
    with pytest.raises(ModelError, match="never loaded.*policytag train"):
        load_model(path)
    assert not (tmp_path / "ran").exists()


def test_saved_and_loaded_predicts_the_same(good, tmp_path):
    fitted = SentenceClassifier(n_buckets=64).fit(TEXTS, LABELS).model_
    again = tmp_path / "again.zip"
    save(fitted, again, {})
    assert again.read_bytes() == good.read_bytes()
    texts = [["prices rose", "they ban"], ["odd"]]
    assert np.array_equal(load_model(good).predict_proba(texts), fitted.predict_proba(texts))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match="known: .*fast"):
        load_model("no-such-model")
