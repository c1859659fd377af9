"""Text: bytes become characters that a reviewer sees as they are.

The YAML reader calls it first. What could make a file show one thing and mean another is refused: control
characters, invisible ones, and those that turn the direction of writing.
"""

from __future__ import annotations

import re
import unicodedata

from mlinfra.core.secret_text import blotted
from mlinfra.core.source import Source
from mlinfra.documents.codes import Code
from mlinfra.documents.findings import Findings

LARGEST = 32 * 1024 * 1024  # bytes

# C0 and C1 controls but for tab and line ends; zero-width and direction marks, embeddings, overrides and isolates
# (Unicode's Bidi_Control property and UTS #39's default-ignorables that have no place here); line and paragraph
# separators, which editors count as lines and YAML does not; interlinear and tag characters; non-characters.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BOMS_OF_OTHERS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def decode(data: bytes, file: str, findings: Findings) -> str | None:
    """The text of a file, without its byte order mark; `None` where it is none, with a finding that says why."""
    if len(data) > LARGEST:
        findings.add(
            Code.TOO_LARGE, f"the file has {len(data) >> 20} MiB; at most {LARGEST >> 20} are read", Source(file),
            hint="split the stack",
        )  # fmt: skip
        return None
    if encoding := _BOMS_OF_OTHERS.get(data[:2]):
        findings.add(Code.NOT_UTF8, f"the file is {encoding}, not UTF-8", Source(file), hint="save it as UTF-8")
        return None
    if (zero := data.find(b"\0")) >= 0:
        findings.add(
            Code.BINARY, "the file holds a NUL character", _place_of_byte(data, zero, file),
            hint="save it as UTF-8 text without binary data",
        )  # fmt: skip
        return None
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        findings.add(
            Code.NOT_UTF8, f"byte 0x{data[error.start]:02x} is not UTF-8 text",
            _place_of_byte(data, error.start, file), hint="save the file as UTF-8",
        )  # fmt: skip
        return None
    return text if _is_visible(text, file, findings) else None


def _is_visible(text: str, file: str, findings: Findings) -> bool:
    for match in FORBIDDEN.finditer(text):
        if findings.full:
            return False
        before = text[: match.start()]
        source = Source(file, before.count("\n") + 1, match.start() - before.rfind("\n"))
        findings.add(Code.FORBIDDEN_CHARACTER, f"{character(match[0])} stands here", source, hint="delete it")
    return not FORBIDDEN.search(text)


def _place_of_byte(data: bytes, index: int, file: str) -> Source:
    line_start = data.rfind(b"\n", 0, index) + 1
    column = len(data[line_start:index].decode("utf-8", "replace")) + 1
    return Source(file, data.count(b"\n", 0, index) + 1, column)


def character(char: str) -> str:
    """One character as people can look it up: `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'control character')}"


# Name and password in a URL: what is said ends in logs.
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def shown(value: str, longest: int = 60) -> str:
    """A text within a message: quoted, on one line, cut in the middle where it is long, nothing invisible or secret."""
    value = blotted(_CREDENTIALS.sub("***", value))
    if len(value) > longest:
        value = value[: longest - 20] + "…" + value[-18:]
    return '"' + "".join(_printable(char) for char in value) + '"'


def _printable(char: str) -> str:
    if char == "\n":
        return "\\n"
    return f"\\u{ord(char):04x}" if FORBIDDEN.match(char) or not (char.isprintable() or char == " ") else char
