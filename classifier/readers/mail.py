"""Read e-mail: EML and MBOX, with attachments that are documents."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from email.message import Message

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, decode
from classifier.readers.markup import main_text

ReadMember = Callable[[str, bytes, ReadOptions, int], Iterator[Document]]
_FROM = re.compile(rb"(?m)^From \S{1,300} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.{0,200}\r?\n")


def read(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the body of a message, then the documents attached to it."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        parts = _parts(name, message, options)
        body, note = _body(parts, name)
        yield Document(
            name, body, title=_header(message, "subject"), date=_header(message, "date"),
            sender=_header(message, "from"), notes=note,
        )
    except (ValueError, LookupError, RecursionError, AttributeError, IndexError,
            AssertionError, TypeError) as error:
        raise ReadError(f"{name}: not a readable message ({error})") from error
    for number, part in enumerate(parts, 1):
        file_name = part.get_filename()
        if file_name:
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                suffix = "." + str(file_name).rsplit(".", 1)[-1][:10]
                yield from read_member(f"{name}!{number}{suffix}", content, options, depth + 1)


def read_mbox(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the messages of a mailbox and what is attached to them."""
    starts = [match.end() for match in _FROM.finditer(data)]
    ends = [match.start() for match in _FROM.finditer(data)][1:] + [len(data)]
    if not starts:
        raise ReadError(f"{name}: not a mailbox (a message begins with a line 'From ')")
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        yield from read(f"{name}!{number}", data[start:end], options, read_member, depth)


def _parts(name: str, message: Message, options: ReadOptions) -> list[Message]:
    """The leaves of a message; walks with a stack of its own, so depth is no matter."""
    found: list[Message] = []
    stack: list[Message] = [message]
    while stack:
        part = stack.pop()
        content = part.get_payload()
        if isinstance(content, list):
            stack.extend(item for item in reversed(content) if isinstance(item, Message))
        else:
            found.append(part)
        if len(found) + len(stack) > options.max_members:
            raise ReadError(f"{name}: more than {options.max_members} parts")
    return found


def _body(parts: list[Message], name: str) -> tuple[str, tuple[str, ...]]:
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and not part.get_filename():
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    text, _ = decode(content, name, part.get_content_charset() or "")
                    text = text.replace("\r\n", "\n")
                    return (text, ()) if kind == "text/plain" else (main_text(text)[0], ())
    return "", ("no text part",)


def _header(message: Message, key: str) -> str:
    try:
        return " ".join(str(message.get(key, "")).split())[:500]
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""


