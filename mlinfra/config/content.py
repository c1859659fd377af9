"""Content: the substituted tree of a stack, coerced to the types of its layout and checked against them.

The loader calls it last. Besides what schemas say, it checks what they cannot: names, types of resources, addresses,
dates, reserved tags.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import chain
from typing import Any

from mlinfra.config import model
from mlinfra.config.codes import Code
from mlinfra.config.draft import holds_failed, remains_of
from mlinfra.config.layout import INPUTS, OUTPUTS, REQUIRED, RESOURCES, layout
from mlinfra.core.address import Address
from mlinfra.core.language import COMPONENTS, LIFECYCLE, Language
from mlinfra.core.source import Source
from mlinfra.core.stack import Remains
from mlinfra.core.value import Path, Value, is_known, path_text
from mlinfra.documents.codes import Code as DocumentCode
from mlinfra.documents.conformance import pattern
from mlinfra.documents.findings import Findings
from mlinfra.documents.near import near, suggest
from mlinfra.documents.node import FAILED, Node
from mlinfra.documents.schema import Schema
from mlinfra.documents.text import shown
from mlinfra.documents.wording import actual

_A_MAPPING = Schema({"type": "object"})
_VERSION = {"apiVersion": model.API_VERSION, "kind": model.KIND}
_ADDRESSES: tuple[Path, ...] = (
    ("lifecycle", "protect", "*"),
    ("moved", "*", "from"),
    ("moved", "*", "to"),
    ("policies", "waive", "*", "address"),
    (RESOURCES, "*", "dependsOn", "*"),
)
_WHOLE = "stack"  # rules may be about the stack itself, and be waived for it
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RESERVED_TAGS = ("aws:", "mlinfra:")  # Amazon's own prefix (Tag naming limits), and that of our ownership tags


class Content:
    """Checks one stack; what it finds wrong goes to the findings.

    broken: the top-level keys, or named entries below one, of which something cannot be used.
    """

    def __init__(self, language: Language, findings: Findings) -> None:
        self._language = language
        self._layout = layout(language)
        self._findings = findings
        self._of_type: dict[str, Schema] = {}
        self.broken: set[Path] = set()
        self._failures = True  # whether anything at all could not be read

    def load(self, root: Node) -> dict[str, Value]:
        """The plain data of every top-level key that the layout knows, as far as it could be made out."""
        self._check_keys(root)
        self._failures = holds_failed(root)
        data = {name: self._watched((name,), node) for name, node in root.value.items() if name in self._layout}
        self._check_tags(root)
        self._check_addresses(root)
        self._check_dates(root)
        self._check_time_zones(root)
        self._check_moves(root)
        return data

    def _watched(self, path: Path, node: Node, load: Callable[[], Value] | None = None) -> Value:
        """What `load` answers, by default the data of a top-level key; a path with a mistake in it is `broken`."""
        before, known = self._findings.errors, len(self.broken)
        value = load() if load is not None else self.load_key(str(path[0]), node)
        if (self._findings.errors > before or (self._failures and holds_failed(node))) and len(self.broken) == known:
            self.broken.add(path)
        return value

    def remains(self, root: Node) -> dict[Path, Remains]:
        """What can be read of each broken part."""
        found = {}
        for path in self.broken:
            node = root.find(path)
            if node is not None and path[0] in self._layout:
                found[path] = remains_of(node, self._layout[str(path[0])].schema)
        return found

    def load_key(self, name: str, node: Node) -> Value:
        """The plain data of one top-level key."""
        section = self._layout[name]
        if name in _VERSION:
            self._check_version(name, node)
            return node.value
        if name == OUTPUTS and isinstance(node.value, dict):
            self._check_names(name, node)
        if not section.many:
            return Schema(section.schema).load(node, self._findings, path=(name,), address=_address(name))
        if not isinstance(node.value, dict):
            return _A_MAPPING.load(node, self._findings, path=(name,))
        self._check_names(name, node)
        schema = Schema(section.schema)
        return {
            entry: self._watched((name, entry), item, partial(self._entry, name, entry, item, schema))
            for entry, item in node.value.items()
        }

    def declaration(self, node: Node) -> dict[str, Any] | None:
        """The data of one input's declaration; `None` where it is wrong, which is said when the whole is loaded."""
        quiet = Findings()
        value = Schema(self._layout[INPUTS].schema).load(node, quiet)
        return value if isinstance(value, dict) and is_known(value) and not quiet.has_errors() else None

    def _entry(self, section: str, entry: str, node: Node, schema: Schema) -> Value:
        if self._findings.full:
            return None
        path, address = (section, entry), _address(section, entry)
        value = schema.load(node, self._findings, path=path, address=address)
        if section == RESOURCES and isinstance(node.value, dict) and isinstance(value.get("type"), str):
            return self._resource(value, node, path, address)
        return value

    def _resource(self, value: dict[str, Any], node: Node, path: Path, address: Address | None) -> Value:
        """One entry of `resources`, its properties in the types of its own type's schema."""
        token, types = value["type"], self._language.types
        if token not in types:
            hint = suggest(token, (*types, *self._language.others()), otherwise="no provider declares any type")
            place = (node.below("type") or node).source
            self._findings.add(
                Code.UNKNOWN_TYPE, f"no type of resource is called {shown(token)}", place, hint=hint, address=address
            )
            return value
        properties = node.below("properties")
        if properties is None:
            properties = Node({}, node.source, None, node.key)
        if not isinstance(properties.value, dict):
            return value
        if token not in self._of_type:
            self._of_type[token] = Schema(types[token])
        schema = self._of_type[token]
        loaded = schema.load(properties, self._findings, path=(*path, "properties"), address=address)
        self._check_documents(types[token], properties, (*path, "properties"), address)
        return {**value, "properties": loaded}

    # What schemas cannot say.

    def _check_documents(self, schema: Any, properties: Node, path: Path, address: Address | None) -> None:
        """Texts that are to hold JSON: a policy that nobody can read must not be judged by what stands in it."""
        for name, declared in schema.get("properties", {}).items():
            node = properties.below(name) if declared.get("contentMediaType") == "application/json" else None
            if node is None or not isinstance(node.value, str) or not node.value:
                continue
            try:
                json.loads(node.value)
            except (ValueError, RecursionError) as error:
                where = f" (line {error.lineno} of it)" if isinstance(error, json.JSONDecodeError) else ""
                self._findings.add(
                    Code.NOT_JSON, f"{path_text((*path, name))} is not JSON{where}", node.source,
                    hint="write the document as JSON, such as {\"Version\": \"2012-10-17\", \"Statement\": []}",
                    address=address,
                )  # fmt: skip

    def _check_keys(self, root: Node) -> None:
        for name, node in root.value.items():
            if name not in self._layout and not self._findings.full:
                self._findings.add(
                    Code.UNKNOWN_SECTION, f"a stack has no {shown(name)}", node.place, hint=suggest(name, self._layout)
                )
        for name in REQUIRED:
            if name not in root.value:
                self._findings.add(
                    DocumentCode.MISSING_PROPERTY, f"the stack needs `{name}`", Source(root.source.file),
                    hint=f"add `{name}: {_VERSION.get(name, '…')}`",
                )  # fmt: skip

    def _check_version(self, name: str, node: Node) -> None:
        if node.value not in (_VERSION[name], FAILED):
            self._findings.add(
                Code.API_VERSION, f"{name} is {actual(node.value)}, and this mlinfra reads {_VERSION[name]} alone",
                node.source, hint=f"write `{name}: {_VERSION[name]}`",
            )  # fmt: skip

    def _check_names(self, section: str, node: Node) -> None:
        fields = section in (INPUTS, OUTPUTS)
        form = model.FIELD_NAME if fields else model.ENTRY_NAME
        words = "letters, digits, '_' and '-'" if fields else "small letters and digits, with single dashes between"
        for name, item in node.value.items():
            if not pattern(form).search(name) or len(name) > model.LONGEST_NAME:
                self._findings.add(
                    Code.BAD_NAME, f"{shown(name)} cannot be a name in `{section}`", item.place,
                    hint=f"a letter first, then {words}; at most {model.LONGEST_NAME} characters",
                )  # fmt: skip
                self.broken.add((section, name))

    def _check_tags(self, root: Node) -> None:
        for (*_, tag), node in _matching(root, ("metadata", "tags", "*")):
            if str(tag).lower().startswith(_RESERVED_TAGS):
                self._findings.add(
                    Code.RESERVED_TAG, f"the tag {shown(str(tag))} is not the stack's to give", node.place,
                    hint=f"{' and '.join(_RESERVED_TAGS)} are reserved",
                )  # fmt: skip

    def _check_addresses(self, root: Node) -> None:
        """Those that name what a stack can have; what they name may be gone from this one, or be another version's."""
        known = [*self._language.sections, RESOURCES, COMPONENTS, LIFECYCLE]
        for path, node in chain(*(_matching(root, form) for form in _ADDRESSES)):
            if not isinstance(node.value, str) or self._findings.full:
                continue
            section = node.value.partition(".")[0]
            sections = [*known, _WHOLE] if path[0] == "policies" else known
            if section not in sections:
                self._findings.add(
                    Code.UNKNOWN_ADDRESS, f"{path_text(path)} begins with {shown(section)}, which is no section",
                    node.source, hint=suggest(section, sections),
                )  # fmt: skip
            elif _address(node.value) is None:
                self._findings.add(
                    Code.UNKNOWN_ADDRESS, f"{path_text(path)} is {shown(node.value)}, which is no address",
                    node.source, hint="addresses are like network or nodeGroups.gpu: names with dots between",
                )  # fmt: skip

    def _check_dates(self, root: Node) -> None:
        for path, node in _matching(root, ("policies", "waive", "*", "until")):
            # What is not even of a date's form, the schema has refused already.
            if isinstance(node.value, str) and _DATE.fullmatch(node.value) and not _is_date(node.value):
                self._findings.add(
                    Code.BAD_DATE, f"{path_text(path)} is {node.value}, and there is no such day", node.source,
                    hint="write it as 2027-03-31",
                )  # fmt: skip

    def _check_time_zones(self, root: Node) -> None:
        for path, node in _matching(root, ("lifecycle", "hibernate", "timezone")):
            known = zoneinfo.available_timezones()  # none where the machine has no list of them
            if known and isinstance(node.value, str) and node.value not in known:
                found = near(node.value, known)
                self._findings.add(
                    Code.NO_TIME_ZONE, f"{path_text(path)} is {shown(node.value)}, and there is no such time zone",
                    node.source, hint=f"did you mean {found}?" if found else "write one such as Europe/Berlin",
                )  # fmt: skip

    def _check_moves(self, root: Node) -> None:
        """Each address is renamed once, to one that no other is renamed to."""
        for end in ("from", "to"):
            seen: dict[object, str] = {}
            for path, node in _matching(root, ("moved", "*", end)):
                before = seen.setdefault(node.value, path_text(path))
                if before != path_text(path):
                    summary = f"{path_text(path)} is {shown(str(node.value))}, and so is {before}"
                    hint = "keep one of them: an object has one name before and one after"
                    self._findings.add(Code.MOVED_TWICE, summary, node.source, hint=hint)
        for path, node in _matching(root, ("moved", "*")):
            origin, target = node.below("from"), node.below("to")
            if origin is not None and target is not None and origin.value == target.value:
                summary = f"{path_text(path)} renames {shown(str(origin.value))} to itself"
                self._findings.add(Code.MOVED_TWICE, summary, node.source, hint="take it out")
        self._check_circles(root)

    def _check_circles(self, root: Node) -> None:
        """No rename leads back: of two objects that swap names nobody could tell which is which halfway."""
        way: dict[object, object] = {}
        for path, node in _matching(root, ("moved", "*")):
            origin, target = node.below("from"), node.below("to")
            if origin is None or target is None or origin.value == target.value or origin.value in way:
                continue
            way[origin.value] = place = target.value
            while place in way and place != origin.value:
                place = way[place]
            if place == origin.value:
                summary = f"{path_text(path)} leads {shown(str(origin.value))} back to its own name"
                hint = "take out what was renamed long ago; to swap names, go over a third one, an apply for each"
                self._findings.add(Code.MOVED_TWICE, summary, node.source, hint=hint)
                del way[origin.value]


def _matching(node: Node, form: Path, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node whose path has `form`, in which `*` stands for any key or index."""
    if not form:
        yield path, node
    elif form[0] != "*":
        below = node.below(form[0])
        if below is not None:
            yield from _matching(below, form[1:], (*path, form[0]))
    elif isinstance(node.value, dict | list):
        items = node.value.items() if isinstance(node.value, dict) else enumerate(node.value)
        for part, item in items:
            yield from _matching(item, form[1:], (*path, part))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _address(*parts: str) -> Address | None:
    try:
        return Address(".".join(parts))
    except ValueError:
        return None
