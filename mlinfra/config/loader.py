"""The loader: a stack file becomes a `Stack`, or one error that names every mistake.

The session calls it. The order is: read, merge what is extended, give inputs their values, substitute, coerce,
check. A step that finds mistakes leaves `FAILED` where it found them and the next ones still look at the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.config.codes import Code
from mlinfra.config.content import Content
from mlinfra.config.draft import Draft, DraftError, without
from mlinfra.config.files import Files, find_root
from mlinfra.config.idle import idle_parts
from mlinfra.config.inputs import Inputs
from mlinfra.config.layout import BESIDE_THE_FRAME, INPUTS, OUTPUTS, RESOURCES, STACKS, is_framed
from mlinfra.config.merge import Layers, without_nulls
from mlinfra.config.neighbours import Neighbours, StacksReader
from mlinfra.config.site import Scope
from mlinfra.config.substitution import Substitution
from mlinfra.core.diagnostic import Diagnostic, errors_in
from mlinfra.core.errors import ConfigError
from mlinfra.core.language import Language
from mlinfra.core.resource import Move
from mlinfra.core.stack import RawResource, Stack, Target
from mlinfra.core.value import Value
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import FAILED, Node, Places


def load_stack(
    file: str, language: Language, *, environ: Mapping[str, str], sets: Sequence[str] = (),
    input_files: Sequence[str] = (), root: Path | None = None, stacks_reader: StacksReader | None = None,
) -> tuple[Stack, tuple[Diagnostic, ...]]:  # fmt: skip
    """The stack in `file`, and what its reader should know of it that is no error.

    `sets` and `input_files` are the command line's `--set name=value` and `--inputs FILE`, in their order. No file
    that the stack extends may lie outside `root`, by default the project of `file`. Without `stacks_reader`, outputs
    of other stacks stay symbolic: `Ref(Address("stacks.NAME"), ("outputs", ...))`.

    Raises `ConfigError` with every mistake found, `DraftError` where the rest can be looked at all the same; and what
    `stacks_reader` raises.
    """
    findings = Findings()
    files = Files(root or find_root(file), findings)
    merged = Layers(files, findings).assemble(file)
    if merged is None:
        raise ConfigError(findings.diagnostics())
    run = _Run(language, environ, files, findings)
    stack = run.load(file, without_nulls(merged, findings), sets, input_files, stacks_reader)
    if stack is None or findings.has_errors():
        raise ConfigError(findings.diagnostics())
    return stack, findings.diagnostics()


def load_frame(
    file: str, language: Language, *, environ: Mapping[str, str], sets: Sequence[str] = (),
    input_files: Sequence[str] = (), root: Path | None = None,
) -> Stack:  # fmt: skip
    """What holds of a stack whatever it desires: what it is called, where it is made and kept, what it protects.

    So what it desires may be wrong, and refer to what is gone. All else is checked as `load_stack` does: the files, the
    names of top-level keys, the inputs that are given, and whatever of the frame hangs on them.
    Raises `ConfigError` with every mistake in that.
    """
    findings = Findings()
    files = Files(root or find_root(file), findings)
    merged = Layers(files, findings).assemble(file)
    if merged is None:
        raise ConfigError(findings.diagnostics())
    stack = _Run(language, environ, files, findings).frame(file, without_nulls(merged, findings), sets, input_files)
    if stack is None or any(one.code != Code.MISSING_INPUT for one in errors_in(findings.diagnostics())):
        raise ConfigError(findings.diagnostics())
    return stack


def read_name(
    file: str, language: Language, *, environ: Mapping[str, str], sets: Sequence[str] = (),
    input_files: Sequence[str] = (),
) -> str:  # fmt: skip
    """The name that a stack file gives its stack, whatever else is wrong with it; empty where it cannot be read."""
    findings = Findings()
    files = Files(find_root(file), findings)
    merged = Layers(files, findings).assemble(file)
    if merged is None:
        return ""
    return _Run(language, environ, files, findings).name(without_nulls(merged, findings), sets, input_files)


def unbuilt(stack: Stack, language: Language) -> tuple[Diagnostic, ...]:
    """An error for each section of the stack that is part of the language and cannot be planned yet."""
    findings = Findings()
    for name in stack.sections:
        if not language.sections[name].built:
            findings.add(
                Code.NOT_BUILT, f"`{name}` cannot be planned yet", stack.positions.at((name,)),
                hint="take it out of the stack to plan the rest; `mlinfra modules list` shows what there is",
            )  # fmt: skip
    return findings.diagnostics()


class _Run:
    """One loading of one stack."""

    def __init__(self, language: Language, environ: Mapping[str, str], files: Files, findings: Findings) -> None:
        self._language = language
        self._environ = environ
        self._files = files
        self._findings = findings
        self._content = Content(language, findings)

    def load(
        self, file: str, root: Node, sets: Sequence[str], input_files: Sequence[str], reader: StacksReader | None
    ) -> Stack | None:
        inputs, declarations = self._inputs(root, sets, input_files)
        neighbours = Neighbours(self._locations(root, inputs), reader)
        substitution = Substitution(self._scope(root, inputs, neighbours), self._findings)
        tree = {
            name: declarations if name == INPUTS and declarations else substitution.apply(name, node)
            for name, node in root.value.items()
        }
        substituted = root.with_value(tree)
        data = self._content.load(substituted)
        documents = self._files.digests | neighbours.versions
        # Once checked, declarations have served: what is shown and found under `inputs` are the values.
        effective = substituted.with_value({**tree, INPUTS: root.with_value(inputs)})
        values = {name: node.plain() for name, node in inputs.items()}
        if not self._findings.has_errors():
            self._findings.take(*idle_parts(root, data, {one.partition("=")[0] for one in sets}))
            return _stack(file, data, values, documents, effective)
        left = without(data, self._content.broken) if not self._findings.full else None
        if left is not None:
            draft = Draft(_stack(file, left, values, documents, effective), self._content.remains(substituted))
            raise DraftError(self._findings.diagnostics(), draft)
        return None

    def frame(self, file: str, root: Node, sets: Sequence[str], input_files: Sequence[str]) -> Stack | None:
        """The stack without anything that it desires; `None` where something else of it cannot be made out."""
        inputs, _ = self._inputs(root, sets, input_files)
        substitution = Substitution(self._scope(root, inputs, Neighbours({}, None)), self._findings)
        written = {name: _framed(name, node) for name, node in root.value.items() if is_framed(name, self._language)}
        frame = root.with_value({name: substitution.apply(name, node) for name, node in written.items()})
        data = self._content.load(frame)
        if self._content.broken or not {"metadata", "target"} <= data.keys():
            return None
        values = {name: node.plain() for name, node in inputs.items() if node.value is not FAILED}
        return _stack(file, data, values, self._files.digests, frame)

    def name(self, root: Node, sets: Sequence[str], input_files: Sequence[str]) -> str:
        """The stack's name, as far as it can be told."""
        written = root.below("metadata")
        if written is None:
            return ""
        inputs, _ = self._inputs(root, sets, input_files)
        scope = self._scope(root, inputs, Neighbours({}, None))
        found = Substitution(scope, self._findings).apply("metadata", written).below("name")
        return found.value if found is not None and isinstance(found.value, str) else ""

    def _scope(self, root: Node, inputs: Mapping[str, Node], neighbours: Neighbours) -> Scope:
        return Scope(
            inputs=inputs, environ=self._environ, neighbours=neighbours, sections=self._language.sections, root=root
        )

    def _inputs(
        self, root: Node, sets: Sequence[str], input_files: Sequence[str]
    ) -> tuple[dict[str, Node], Node | None]:
        """The effective inputs, and the node of their declarations with its literals read."""
        written = root.below(INPUTS) or Node({}, root.source)
        nothing = self._scope(root, {}, Neighbours({}, None))
        nodes = Substitution(nothing, self._findings).apply(INPUTS, written)
        entries = nodes.value if isinstance(nodes.value, dict) else {}
        declared = {name: self._content.declaration(node) for name, node in entries.items()}
        inputs = Inputs(declared, entries, self._findings)
        return inputs.values(self._files, input_files, sets), nodes if root.below(INPUTS) else None

    def _locations(self, root: Node, inputs: Mapping[str, Node]) -> dict[str, str]:
        """Where the states of the declared neighbours are kept."""
        written = root.below(STACKS)
        if written is None:
            return {}
        scope = self._scope(root, inputs, Neighbours({}, None))
        node = Substitution(scope, Findings()).apply(STACKS, written)  # mistakes are said with all others
        entries = node.value if isinstance(node.value, dict) else {}
        return {
            name: state.value
            for name, entry in entries.items()
            if (state := entry.below("state")) and isinstance(state.value, str)
        }


def _framed(key: str, node: Node) -> Node:
    """Of one top-level key, what is not of what the stack desires; what nobody knows is left, to be complained of."""
    beside = BESIDE_THE_FRAME.get(key, frozenset())
    if not isinstance(node.value, dict) or beside.isdisjoint(node.value):
        return node
    return node.with_value({name: item for name, item in node.value.items() if name not in beside})


def _stack(
    file: str, data: Mapping[str, Any], inputs: Mapping[str, Value], documents: Mapping[str, str], root: Node
) -> Stack:
    """The stack that checked data describe."""
    metadata, lifecycle, places = data["metadata"], dict(data.get("lifecycle", {})), Places(root)
    own = {"metadata", "lifecycle", "target", "state", "moved", "policies", "apiVersion", "kind", "extends"}
    own |= {INPUTS, STACKS, RESOURCES, OUTPUTS}
    return Stack(
        file=file,
        name=metadata["name"],
        owner=metadata.get("owner", ""),
        tags=metadata.get("tags", {}),
        target=msgspec.convert(data["target"], Target),
        state=data.get("state", ""),
        environment=lifecycle.pop("environment", "production"),
        protect=tuple(lifecycle.pop("protect", ())),
        lifecycle=lifecycle,
        sections={name: value for name, value in data.items() if name not in own},
        resources={name: msgspec.convert(entry, RawResource) for name, entry in data.get(RESOURCES, {}).items()},
        outputs=data.get(OUTPUTS, {}),
        moves=tuple(
            Move(move["from"], move["to"], places.at(("moved", index)))
            for index, move in enumerate(data.get("moved", ()))
        ),
        policies=data.get("policies", {}),
        inputs=inputs,
        documents=documents,
        positions=places,
    )
