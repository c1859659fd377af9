"""Syntax mistakes in words: what libyaml, or PyYAML's own parser, complains of, said to the person who wrote it.

The YAML reader calls it with what was raised; the table below is matched in order.
"""

from __future__ import annotations

import re

from yaml.error import Mark, MarkedYAMLError, YAMLError

from mlinfra.core.source import Source
from mlinfra.documents.codes import Code
from mlinfra.documents.findings import Findings

# (what the parser says, what is meant, what to do); the beginnings of open brackets and quotes are shown instead of
# the place where the parser gave up.
_MEANINGS = [
    (
        r"mapping values are not allowed",
        "a ':' stands where no key can be",
        "check the indentation, or quote the value if the ':' is part of it",
    ),
    (
        r"sequence entries are not allowed",
        "a list item ('- ') stands where none can be",
        "begin the list on a line of its own",
    ),
    (r"',' or '\]'", "a '[' is never closed", "close the list with ']', and put ',' between its items"),
    (r"',' or '\}'", "a '{' is never closed", "close the mapping with '}', and put ',' between its entries"),
    (r"unexpected end of stream", "a quote is never closed", "close it with the same kind of quote"),
    (r"unknown escape character", "an unknown escape in a double-quoted text", "write \\\\ for a backslash"),
    (r"Unicode character escape", "an escape names no character", "write the character itself"),
    (r"undefined tag handle|tag URI|expected URI", "a '!' begins a tag, which the language does not have", "quote it"),
    (r"comment or line break|chomping", "text follows '|' or '>' on the same line", "begin it on the next line"),
    (r"directive|incompatible YAML", "a '%' line that YAML 1.2 does not know", "delete it, or quote a text with '%'"),
    (r"node content", "a closing bracket without an opening one", "delete it, or quote the text it belongs to"),
    (
        r"document start",
        "the document ends here, but more follows",
        "check the line before: a key is followed by ': ', with a space",
    ),
    (r"expected key|expected ':'|block end|'-' indicator", "this line does not fit those above it",
     "indent the entries of one mapping or list alike; after a closing quote nothing may follow"),
]  # fmt: skip
_EXPRESSION = re.compile(r"\$\{[^{}]*\}")
_UNQUOTABLE = re.compile(r"cannot start any token")


def before_limit(error: YAMLError, text: str) -> str | None:
    """What stands before the level at which the parser gave up; `None` where it gave up for another reason.

    Newer parsers have a limit of their own, far beyond ours. As they look ahead they may meet theirs first.
    """
    if (
        not isinstance(error, MarkedYAMLError)
        or error.problem_mark is None
        or "nesting depth" not in str(error.problem)
    ):
        return None
    return text[: error.problem_mark.index]


def add_syntax_error(error: YAMLError, text: str, file: str, findings: Findings) -> None:
    """Say what `error` means."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        findings.add(Code.SYNTAX, "this is not YAML", Source(file))
        return
    mark, problem = error.problem_mark, error.problem or ""
    line = text.split("\n")[mark.line] if mark.line <= text.count("\n") else ""
    if _is_tab(line, mark.column):
        findings.add(Code.TAB, "a tab stands in the indentation", _source(file, mark), hint="indent with spaces")
        return
    if _is_expression(line, mark.column, problem):
        found = _EXPRESSION.match(line, max(mark.column - 1, 0))
        text = found.group() if found else "${...}"
        findings.add(
            Code.SYNTAX, f"{text} stands between braces or brackets without quotes", _source(file, mark),
            hint=f'quote it: "{text}"',
        )  # fmt: skip
        return
    if _UNQUOTABLE.search(problem):
        char = line[mark.column : mark.column + 1]
        findings.add(
            Code.SYNTAX, f"no unquoted text can begin with '{char}'", _source(file, mark), hint="put it into quotes"
        )
        return
    for pattern, meaning, hint in _MEANINGS:
        if re.search(pattern, problem):
            opening = error.context_mark if "never closed" in meaning else None
            findings.add(Code.SYNTAX, meaning, _source(file, opening or mark), hint=hint)
            return
    findings.add(Code.SYNTAX, f"this is not YAML: {problem}", _source(file, mark))


def _is_expression(line: str, column: int, problem: str) -> bool:
    """Whether the parser met the brace of a `${...}` where braces and brackets have a meaning of their own."""
    return re.search(r"',' or '[\]}]'", problem) is not None and line[max(column - 1, 0) : column + 1] == "${"


def _is_tab(line: str, column: int) -> bool:
    indentation = line[: len(line) - len(line.lstrip())]
    return "\t" in indentation and column <= len(indentation)


def _source(file: str, mark: Mark) -> Source:
    return Source(file, mark.line + 1, mark.column + 1)
