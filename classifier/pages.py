"""HTML pages that open offline and run nothing that a document says.

Text and names reach a page as JSON that a script of ours puts on it as text, or through Jinja2's
escaping; a content policy forbids the network and every other script.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classifier.errors import ClassifierError, WriteError

_TEMPLATES = Path(__file__).parent / "templates"


def check(target: Path) -> None:
    """Fail before the work, not after it, if no page can be made or written there.

    Raises:
        ClassifierError: Jinja2 is not installed.
        WriteError: there is no folder for the page.
    """
    _jinja2()
    if not target.parent.is_dir():
        raise WriteError(f"{target}: there is no folder {target.parent}")


def _jinja2() -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise ClassifierError("a report needs jinja2 (pip install 'policytag[report]')") from error
    return jinja2


def render(name: str, *, data: Mapping[str, Any] | None = None, **values: Any) -> str:
    """Fill `templates/NAME.html`; `data` is what its script may read, by element id.

    Raises:
        ClassifierError: Jinja2 is not installed.
    """
    jinja2 = _jinja2()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    script_file = _TEMPLATES / f"{name}.js"
    script = script_file.read_text("utf-8") if script_file.is_file() else ""
    page: str = environment.get_template(f"{name}.html").render(
        **values, data={key: _json(value) for key, value in (data or {}).items()},
        script=_marked(script), script_hash=_sha256(script),
        style=_marked((_TEMPLATES / "report.css").read_text("utf-8")),
    )
    return page.encode("utf-8", "replace").decode()


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: Any) -> Any:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return _marked(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _marked(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)
