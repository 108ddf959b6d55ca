"""Where the files are that ship with the package: in a wheel, an editable install, a checkout."""

from pathlib import Path

_HERE = Path(__file__).parent
MODELS = _HERE / "models" if (_HERE / "models").is_dir() else _HERE.parent / "models"
