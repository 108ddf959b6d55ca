"""The model file: a zip of one JSON manifest, arrays and blobs; data only, verified before use."""

import hashlib
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.encoder import Encoder, EncoderModel
from classifier.errors import ModelError
from classifier.scoring import FastModel, Model
from classifier.shipped import MODELS

FORMAT = 1
DEFAULT = "encoder"
_MAX_BYTES = 64 * 2**20
_MAX_RATIO = 200
_TRAIN = "train one with `policytag train`"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of model file holds."""

    arrays: tuple[str, ...]
    blobs: tuple[str, ...] = ()

    @property
    def members(self) -> list[str]:
        """File names, sorted, without the manifest."""
        return sorted([f"{name}.npy" for name in self.arrays] + list(self.blobs))


_NPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?P<length>..)\{'descr': '(?P<dtype><f[48])', 'fortran_order': False, "
    rb"'shape': \((?P<shape>[0-9]{1,9},(?: [0-9]{1,9})?)\), \} *\n",
    re.DOTALL,
)

KINDS = {
    "fast": Kind(("weights", "bias", "context_weights", "context_bias")),
    "encoder": Kind(("weights", "bias"), ("encoder.onnx", "tokenizer.json")),
    "head": Kind(("weights", "bias")),
}


def save(model: FastModel | EncoderModel, path: Path, about: Mapping[str, Any]) -> None:
    """Write a model; the same model gives the same bytes.

    With `is_head` in `about`, an encoder model is written as its head alone, which goes with the
    shipped encoder.
    """
    about = dict(about)
    is_head = about.pop("is_head", False)
    kind, blobs = "fast", {}
    if isinstance(model, EncoderModel):
        digest = _sha256(model.encoder.onnx)
        kind = "head" if is_head else "encoder"
        blobs = {"encoder.onnx": model.encoder.onnx, "tokenizer.json": model.encoder.tokenizer}
        about["encoder"] = digest
    arrays = {f"{name}.npy": _dump(getattr(model, name)) for name in KINDS[kind].arrays}
    members = arrays | {name: blobs[name] for name in KINDS[kind].blobs}
    manifest = {
        **about,
        "format": FORMAT,
        "kind": kind,
        "labels": list(model.labels),
        "temperature": model.temperature,
        "review_below": list(model.review_below),
        "sha256": {name: _sha256(data) for name, data in members.items()},
    }
    _write(path, manifest, members)


def with_thresholds(
    name_or_path: str | Path, target: Path, review_below: tuple[float, ...], why: str
) -> None:
    """Copy a model file with other review thresholds, one a label; `why` goes into its manifest.

    Raises:
        ModelError: the source is missing or damaged, or the thresholds are not one a label.
    """
    manifest, members = _read(locate(name_or_path))
    if len(review_below) != len(manifest["labels"]):
        raise ModelError(f"{name_or_path}: {len(review_below)} thresholds for other labels")
    changes = {"review_below": list(review_below), "review_below_from": why}
    _write(target, manifest | changes, members)


def _write(path: Path, manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    members = dict(members)
    members["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            # Weights hardly shrink (and the wheel is a zip itself); inflating them would cost
            # three quarters of the time to load.
            stored = name.endswith((".onnx", ".npy"))
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name])


def load_model(name_or_path: str | Path = DEFAULT, *, n_threads: int = 0) -> Model:
    """Load a shipped model by name, or a model file; nothing in it is ever executed.

    `n_threads` is for the encoder; 0 takes all cores.

    Raises:
        ModelError: the file is missing, damaged, or not a model of this package.

    >>> sorted(load_model("fast").labels)
    ['criticism', 'measure', 'other', 'rationale', 'statistic']
    """
    path = locate(name_or_path)
    manifest, members = _read(path)
    arrays = {
        name: _array(path, name, members[f"{name}.npy"])
        for name in KINDS[manifest["kind"]].arrays
    }
    _check_shapes(path, manifest, arrays)
    common: dict[str, Any] = {
        "labels": tuple(manifest["labels"]),
        "temperature": float(manifest["temperature"]),
        "review_below": tuple(float(value) for value in manifest["review_below"]),
        **arrays,
    }
    if manifest["kind"] == "fast":
        return FastModel(**common)
    if manifest["kind"] == "head":
        encoder = load_encoder(n_threads=n_threads)
        if _sha256(encoder.onnx) != manifest["encoder"]:
            raise ModelError(f"{path}: made for another encoder than this version's ({_TRAIN})")
    else:
        encoder = Encoder.build(members["encoder.onnx"], members["tokenizer.json"], n_threads)
    if encoder.width != len(arrays["weights"]):
        raise ModelError(f"{path}: head and encoder differ in width ({_TRAIN})")
    return EncoderModel(encoder=encoder, **common)


def load_encoder(*, n_threads: int = 0) -> Encoder:
    """The shipped encoder, without its head."""
    members = _read(locate("encoder"))[1]
    return Encoder.build(members["encoder.onnx"], members["tokenizer.json"], n_threads)


def load_manifest(name_or_path: str | Path = DEFAULT) -> dict[str, Any]:
    """What the model says of itself."""
    return _read(locate(name_or_path))[0]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def locate(name_or_path: str | Path) -> Path:
    """The file of a shipped model's name, or of a path.

    Raises:
        ModelError: neither is there.
    """
    shipped = MODELS / f"{name_or_path}.zip"
    path = Path(name_or_path)
    if str(name_or_path).isidentifier() and shipped.is_file():
        return shipped
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in MODELS.glob("*.zip")))
        raise ModelError(f"{path}: no such model (known: {names}, or the path of a model file)")
    return path


def _read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
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
        manifest = json.loads(members.pop("manifest.json"))
        _check_manifest(manifest, members)
        return manifest, members
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, EOFError, RuntimeError, RecursionError,
            NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path}: damaged model file: {error} ({_TRAIN})") from error


def _members(path: Path, file: io.BufferedReader) -> dict[str, bytes]:
    layouts = [sorted([*kind.members, "manifest.json"]) for kind in KINDS.values()]
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if sorted(info.filename for info in infos) not in layouts:
            raise ModelError(f"{path}: holds other files than a model does ({_TRAIN})")
        if sum(info.file_size for info in infos) > _MAX_BYTES:
            raise ModelError(f"{path}: inflates to more than a model may ({_TRAIN})")
        for info in infos:
            too_dense = info.file_size > 4096 + _MAX_RATIO * max(info.compress_size, 1)
            if too_dense or info.flag_bits & 1:
                raise ModelError(f"{path}: {info.filename} is over the size limits ({_TRAIN})")
        return {info.filename: archive.read(info) for info in infos}


def _check_manifest(manifest: Any, members: Mapping[str, bytes]) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"format is not {FORMAT}")
    if sorted(members) != KINDS[manifest["kind"]].members:
        raise ValueError(f"a {manifest['kind']} model holds other files")
    labels = manifest["labels"]
    is_names = isinstance(labels, list) and all(isinstance(k, str) and k for k in labels)
    if not (is_names and 2 <= len(labels) <= 1000 and len(set(labels)) == len(labels)):
        raise ValueError("labels are not a list of different names")
    review_below = manifest["review_below"]
    if not (isinstance(review_below, list) and len(review_below) == len(labels)):
        raise ValueError("review_below is not a list with a threshold a label")
    for key, values, low, high in (("temperature", [manifest["temperature"]], 1e-3, 1e3),
                                   ("review_below", review_below, 0, 1)):
        for value in values:
            is_number = type(value) in (int, float) and math.isfinite(value)
            if not (is_number and low <= value <= high):
                raise ValueError(f"{key} is out of range")
    for name, data in members.items():
        if _sha256(data) != manifest["sha256"][name]:
            raise ValueError(f"{name} does not match its sha256")


def _dump(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def _array(path: Path, name: str, data: bytes) -> NDArray[Any]:
    """Read an .npy member; only the header that NumPy writes for plain numbers is accepted."""
    header = _NPY_HEADER.match(data)
    if not header:
        raise ModelError(f"{path}: {name}.npy is not an array of floats ({_TRAIN})")
    shape = tuple(int(size) for size in header["shape"].split(b",") if size.strip())
    dtype = np.dtype(header["dtype"].decode())
    size = int.from_bytes(header["length"], "little") + 10
    if math.prod(shape) * dtype.itemsize != len(data) - size or min(shape, default=0) < 1:
        raise ModelError(f"{path}: {name}.npy: shape and size differ ({_TRAIN})")
    array = np.frombuffer(data, dtype, offset=size).reshape(shape)
    if not np.isfinite(array).all():
        raise ModelError(f"{path}: {name}.npy holds numbers that are not finite ({_TRAIN})")
    return array


def _check_shapes(path: Path, manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    n = len(manifest["labels"])
    shapes = {"bias": (n,), "context_weights": (3 * n + 4, n), "context_bias": (n,)}
    wrong = [name for name in arrays if name in shapes and arrays[name].shape != shapes[name]]
    if arrays["weights"].ndim != 2 or arrays["weights"].shape[1] != n:
        wrong.append("weights")
    elif manifest["kind"] == "fast" and len(arrays["weights"]).bit_count() != 1:
        wrong.append("weights (buckets are a power of two)")
    if wrong:
        raise ModelError(f"{path}: arrays of the wrong shape: {', '.join(wrong)} ({_TRAIN})")
