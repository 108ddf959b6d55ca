"""The model file: a zip of one JSON manifest and arrays; data only, verified before use."""

import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ModelError
from classifier.scoring import FastModel
from classifier.sentences import MODELS

FORMAT = 1
_ARRAYS = ("weights", "bias", "context_weights", "context_bias")
_MAX_BYTES = 64 * 2**20
_MAX_RATIO = 200
_TRAIN = "train one with `policytag train`"


def save(model: FastModel, path: Path, about: Mapping[str, Any]) -> None:
    """Write a model; the same model gives the same bytes."""
    members = {f"{name}.npy": _dump(getattr(model, name)) for name in _ARRAYS}
    manifest = {
        **about,
        "format": FORMAT,
        "kind": "fast",
        "labels": list(model.labels),
        "temperature": model.temperature,
        "review_below": model.review_below,
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
    }
    members["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name])


def load_model(name_or_path: str | Path = "fast") -> FastModel:
    """Load a shipped model by name, or a model file; nothing in it is ever executed.

    Raises:
        ModelError: the file is missing, damaged, or not a model of this package.
    """
    return _build(*_read(_locate(name_or_path)))


def load_manifest(name_or_path: str | Path = "fast") -> dict[str, Any]:
    """What the model says of itself."""
    return _read(_locate(name_or_path))[0]


def _locate(name_or_path: str | Path) -> Path:
    shipped = MODELS / f"{name_or_path}.zip"
    path = Path(name_or_path)
    if str(name_or_path).isidentifier() and shipped.is_file():
        return shipped
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in MODELS.glob("*.zip")))
        raise ModelError(f"{path}: no such model (known: {names}, or the path of a model file)")
    return path


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                raise ModelError(
                    f"{path}: not a policytag model; pickle and joblib files are never loaded "
                    f"({_TRAIN})"
                )
            if path.stat().st_size > _MAX_BYTES:
                raise ModelError(f"{path}: larger than a model may be ({_TRAIN})")
            file.seek(0)
            members = _members(path, file)
        manifest = json.loads(members["manifest.json"])
        _check_manifest(manifest)
        for name in _ARRAYS:
            digest = hashlib.sha256(members[f"{name}.npy"]).hexdigest()
            if digest != manifest["sha256"][f"{name}.npy"]:
                raise ValueError(f"{name}.npy does not match its sha256")
        return manifest, {name: _array(members[f"{name}.npy"]) for name in _ARRAYS}
    except ModelError:
        raise
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, EOFError, RuntimeError, RecursionError,
            NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path}: damaged model file: {error} ({_TRAIN})") from error


def _members(path: Path, file: io.BufferedReader) -> dict[str, bytes]:
    expected = sorted([f"{name}.npy" for name in _ARRAYS] + ["manifest.json"])
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if sorted(info.filename for info in infos) != expected:
            raise ModelError(f"{path}: holds other files than a model does ({_TRAIN})")
        for info in infos:
            too_dense = info.file_size > 4096 + _MAX_RATIO * max(info.compress_size, 1)
            if info.file_size > _MAX_BYTES or too_dense or info.flag_bits & 1:
                raise ModelError(f"{path}: {info.filename} is over the size limits ({_TRAIN})")
        return {info.filename: archive.read(info) for info in infos}


def _check_manifest(manifest: Any) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"format is not {FORMAT}")
    labels = manifest["labels"]
    is_names = isinstance(labels, list) and all(isinstance(k, str) and k for k in labels)
    if not (is_names and 2 <= len(labels) <= 1000 and len(set(labels)) == len(labels)):
        raise ValueError("labels are not a list of different names")
    for key, low, high in (("temperature", 1e-3, 1e3), ("review_below", 0, 1)):
        value = manifest[key]
        if type(value) not in (int, float) or not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"{key} is out of range")


def _dump(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def _array(data: bytes) -> NDArray[Any]:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError("unknown array version")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind != "f" or dtype.hasobject or dtype.itemsize not in (4, 8):
        raise ValueError(f"array of type {dtype}")
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell() or min(shape, default=1) < 1:
        raise ValueError("array shape and size differ")
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if not np.isfinite(array).all():
        raise ValueError("array with numbers that are not finite")
    return array


def _build(manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> FastModel:
    n = len(manifest["labels"])
    shapes = {"bias": (n,), "context_weights": (3 * n + 4, n), "context_bias": (n,)}
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    if arrays["weights"].ndim != 2 or arrays["weights"].shape[1] != n:
        wrong.append("weights")
    if wrong:
        raise ModelError(f"model file: arrays of the wrong shape: {', '.join(wrong)} ({_TRAIN})")
    return FastModel(
        labels=tuple(manifest["labels"]),
        temperature=float(manifest["temperature"]),
        review_below=float(manifest["review_below"]),
        **arrays,
    )
