"""Read e-mail: EML and MBOX, with attachments that are documents."""

import email
import email.policy
import email.utils
import re
from collections.abc import Callable, Iterator
from email.message import Message

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, decode, failed, note_encoding, or_failed, within
from classifier.readers.markup import main_text

ReadMember = Callable[[str, bytes, ReadOptions, int], Iterator[Document]]
_MESSAGE = "message/rfc822"
_DAMAGE = (ValueError, LookupError, RecursionError, AttributeError, AssertionError, TypeError)
_FROM = re.compile(rb"(?m)^From \S{1,300} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.{0,200}\r?\n")


def read(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the body of a message, then the documents and messages attached to it."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        parts = _parts(name, message, options)
        body, encoding = _body(parts, name)
        yield Document(
            name, body, title=_header(message, "subject"), date=_iso(_header(message, "date")),
            sender=_header(message, "from"), encoding=encoding,
            notes=note_encoding(encoding) if body else ("no text part",),
        )
    except _DAMAGE as error:
        raise ReadError(f"{name}: not a readable message ({error})") from error
    for number, part in enumerate(parts, 1):
        try:
            content, suffix = _attached(part)
        except _DAMAGE as error:
            yield failed(f"{name}!{number}", ReadError(f"damaged attachment ({error})"))
            continue
        if content is not None:
            member = f"{name}!{number}{suffix}"
            found = read_member(member, content, options, depth + 1)
            yield from (within(member, document) for document in found)


def read_mbox(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the messages of a mailbox and what is attached to them."""
    starts = [match.end() for match in _FROM.finditer(data)]
    ends = [match.start() for match in _FROM.finditer(data)][1:] + [len(data)]
    if not starts:
        raise ReadError(f"{name}: not a mailbox (a message begins with a line 'From ')")
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        key = f"{name}!{number}"
        yield from or_failed(key, read(key, data[start:end], options, read_member, depth))


def _parts(name: str, message: Message, options: ReadOptions) -> list[Message]:
    """The leaves of a message; walks with a stack of its own, so depth is no matter."""
    found: list[Message] = []
    stack: list[Message] = [message]
    while stack:
        part = stack.pop()
        content = part.get_payload()
        if isinstance(content, list) and part.get_content_type() != _MESSAGE:
            stack.extend(item for item in reversed(content) if isinstance(item, Message))
        else:
            found.append(part)
        if len(found) + len(stack) > options.max_members:
            raise ReadError(f"{name}: more than {options.max_members} parts")
    return found


def _body(parts: list[Message], name: str) -> tuple[str, str]:
    """The text of a message and its encoding: its plain parts, or else its HTML ones."""
    for kind in ("text/plain", "text/html"):
        texts, encodings = [], set()
        for part in parts:
            if part.get_content_type() != kind or part.get_filename():
                continue
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                text, encoding = decode(content, name, part.get_content_charset() or "")
                text = text.replace("\r\n", "\n")
                texts.append(text if kind == "text/plain" else main_text(text)[0])
                encodings.add(encoding)
        if any(text.strip() for text in texts):
            return "\n\n".join(texts), "cp1252" if "cp1252" in encodings else max(encodings)
    return "", ""


def _attached(part: Message) -> tuple[bytes | None, str]:
    """What is attached by a part, if anything is, and the suffix that tells its kind."""
    inside, file_name = part.get_payload(), part.get_filename()
    if isinstance(inside, list) and inside and isinstance(inside[0], Message):
        return inside[0].as_bytes(), ".eml"
    content = part.get_payload(decode=True) if file_name else None
    suffix = "." + str(file_name).rsplit(".", 1)[-1][:10]
    return content if isinstance(content, bytes) else None, suffix


def _header(message: Message, key: str) -> str:
    try:
        return " ".join(str(message.get(key, "")).split())[:500]
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""


def _iso(date: str) -> str:
    """The date of a header as other formats write it, so that documents can be put in order.

    >>> _iso("Mon, 4 Mar 2024 10:00:00 +0100"), _iso("yesterday")
    ('2024-03-04T10:00:00+01:00', 'yesterday')
    """
    try:
        return email.utils.parsedate_to_datetime(date).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return date
