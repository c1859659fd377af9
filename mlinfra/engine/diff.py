"""The diff: what differs between what is desired, what was last applied and what is there.

Three-way and pure. docs/diff.md holds its truth table; `leaf` is that table, everything else walks the declared
tree down to the leaves. Called by the planner, and again by the walk just before each step.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import msgspec
from msgspec import UNSET

from mlinfra.core.plan import Cause, Field
from mlinfra.core.property import Kind, Property, Replace, Unset, lineage_of, watched_in
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Path, Properties, Value, is_known, is_secret
from mlinfra.engine.normal import normalise


class Difference(msgspec.Struct, frozen=True, gc=False):
    """What an update would do.

    order: set where the object must be replaced, and says which comes first.
    kept: paths taken out of the stack that cannot be unset; they stay as they are.
    extra: paths that nobody declared, seen on an object whose last inputs are not known.
    afloat: what nobody declared and is as nobody says, but was otherwise when the object was last applied: what it was,
        and what it is.
    """

    fields: tuple[Field, ...] = ()
    order: Replace | None = None
    kept: tuple[Path, ...] = ()
    extra: tuple[Path, ...] = ()
    afloat: tuple[tuple[Path, Value, Value], ...] = ()

    @property
    def changed(self) -> frozenset[Path]:
        """The paths that differ."""
        return frozenset(field.path for field in self.fields)


_NONE = Difference()
_OUTSIDE = frozenset({Cause.DRIFT, Cause.BOTH})


def attributed(difference: Difference, authors: Mapping[Path, str]) -> Difference:
    """The difference, with who caused what others changed, as far as `authors` know."""
    if not authors or not difference.fields:
        return difference
    fields = tuple(
        msgspec.structs.replace(field, by=_author(field.path, authors)) if field.cause in _OUTSIDE else field
        for field in difference.fields
    )
    return msgspec.structs.replace(difference, fields=fields)


def _author(path: Path, authors: Mapping[Path, str]) -> str:
    """Whoever wrote what stands at, above or below a path."""
    found = (who for where, who in authors.items() if where[: len(path)] == path[: len(where)])
    return ", ".join(dict.fromkeys(found))


def compare(
    kind: ResourceType,
    desired: Properties,
    last: Properties | None,
    observed: Properties,
    recorded: Properties | None = None,
) -> Difference:
    """Compare one object. `last` is `None` where the last inputs are not known (adopted, rebuilt).

    recorded: what the object looked like when it was last applied, where that is known.
    """
    left = recorded if recorded is not None else {}
    changed = frozenset(name for name in kind.loose if name in left and left[name] != observed.get(name))
    if desired == last and not changed and _shows(observed, desired) and _is_quiet(kind, desired, observed):
        return _NONE  # as it is in most plans for most objects
    inputs = kind.inputs_for(observed)
    finding = _Finding(inputs, blind=last is None, watchful=last is not None and not kind.marked, changed=changed)
    wanted = normalise(inputs, desired)
    before = wanted if desired == last else normalise(inputs, last if last is not None else {})
    seen = normalise(inputs, observed)
    finding.descend(inputs, (), wanted, before, seen)
    if last is None:
        finding.note_extras(wanted, seen)
    else:
        finding.note_afloat({**before, **wanted}, normalise(inputs, left), seen)
    return finding.difference()


def _shows(observed: Properties, desired: Properties) -> bool:
    return all(name in observed and observed[name] == desired[name] for name in desired)


def _is_quiet(kind: ResourceType, desired: Properties, observed: Properties) -> bool:
    """Whether all that nobody declared is as the type says."""
    return all(name in desired or observed.get(name, default) == default for name, default in kind.watched.items())


def replacement_of(root: Property, path: Path) -> Replace | None:
    """Whether a change at `path` replaces the object, and in which order: as the nearest declaration says."""
    for declared in reversed(lineage_of(root, path)):
        if declared.replace is not None:
            return declared.replace
    return None


class _Finding:
    """The walk down one declaration, collecting what differs."""

    def __init__(self, root: Property, *, blind: bool, watchful: bool, changed: Set[str] = frozenset()) -> None:
        self._root = root
        self._blind = blind  # nobody knows what was last applied
        self._watchful = watchful  # what nobody speaks of is as the type says
        self._changed = changed  # of what hangs loose: what is not as it was left
        self._afloat: list[tuple[Path, Value, Value]] = []
        self._fields: list[Field] = []
        self._kept: list[Path] = []
        self._extra: list[Path] = []

    def descend(
        self,
        declared: Property | None,
        path: Path,
        desired: Value,
        last: Value,
        observed: Value,
        *,
        free: bool = False,
    ) -> None:
        """Compare at `path`; a side that is absent is `UNSET`. `free`: it is a key of the user's own choosing."""
        if desired is UNSET and last is UNSET:
            return  # nobody manages it
        if declared is not None and declared.initial and path:
            return  # set at creation, owned by others since
        if declared is not None and declared.masked and observed is UNSET and desired is not UNSET:
            self._add(path, observed, desired, Cause.DRIFT if desired == last else Cause.CHANGE)
        elif declared is not None and (declared.write_only or declared.masked):
            self._compare_unseen(declared, path, desired, last)
        elif desired is UNSET and (free or (declared is not None and declared.default is None)):
            self._compare_leaf(path, desired, last, observed, None)  # a user's own entry, or a block, goes as a whole
        elif _key_wise(declared, observed) and _is_mapping(desired) and _is_mapping(last):
            self._descend_keys(declared, path, desired, last, _keys(observed))
        elif _element_wise(declared, desired, observed):
            for index, item in enumerate(desired):
                before = last[index] if isinstance(last, list) and len(last) == len(desired) else UNSET
                self.descend(declared.below(index) if declared else None, (*path, index), item, before, observed[index])
        else:
            default = None if free or declared is None else declared.default
            self._compare_leaf(path, desired, last, observed, default)

    def _descend_keys(self, declared: Property | None, path: Path, desired: Any, last: Any, observed: Any) -> None:
        wanted, before = _keys(desired), _keys(last)
        if declared is not None and declared.ordered:
            self._compare_order(path, list(wanted), list(before), list(observed))
        free = declared is None or declared.kind is not Kind.BLOCK
        for key in [*wanted, *(key for key in before if key not in wanted)]:
            self.descend(
                declared.below(key) if declared is not None and isinstance(key, str) else None,
                (*path, key),
                wanted.get(key, UNSET),
                before.get(key, UNSET),
                observed.get(key, UNSET),
                free=free,
            )
        if self._watchful and declared is not None and isinstance(desired, dict) and isinstance(last, dict):
            self._watch(declared, path, observed, {*wanted, *before})

    def _watch(self, declared: Property, path: Path, observed: Any, spoken: Set[Any]) -> None:
        """What nobody ever declared of a block that is declared, and somebody changed."""
        for name in watched_in(declared, lineage_of(self._root, path)) if observed.keys() - spoken else ():
            seen = observed.get(name)
            if seen is not None and name not in spoken:
                self._compare_leaf((*path, name), UNSET, UNSET, seen, declared.fields[name].default)

    def _compare_order(self, path: Path, desired: list[Any], last: list[Any], observed: list[Any]) -> None:
        """Of a keyed list: whether what is both desired and there stands in the order of the stack."""
        wanted, seen = [key for key in desired if key in observed], [key for key in observed if key in desired]
        if wanted != seen:
            same = wanted == [key for key in last if key in wanted]
            self._add(path, seen, wanted, Cause.DRIFT if same else Cause.CHANGE)

    def _compare_unseen(self, declared: Property, path: Path, desired: Value, last: Value) -> None:
        if self._blind:
            return  # it cannot be seen, and not be remembered: taken to be as the stack says
        cannot_unset = desired is UNSET and isinstance(declared.default, Unset)
        if not _equal(desired, last, declared.default) and not cannot_unset:
            self._add(path, last, desired, Cause.CHANGE if is_known(desired) or last is UNSET else Cause.UNKNOWN)
        elif declared.witness in self._changed and desired is not UNSET:
            self._add(path, last, desired, Cause.DRIFT)  # somebody has written it since, whatever it was

    def _compare_leaf(self, path: Path, desired: Value, last: Value, observed: Value, default: Value | Unset) -> None:
        if desired is UNSET and isinstance(default, Unset) and observed is not UNSET:
            self._kept.append(path)
            return
        verdict = leaf(desired, last, observed, default)
        if verdict is not None:
            after = _absent(default) if desired is UNSET else desired
            self._add(path, observed, after, verdict)

    def _add(self, path: Path, before: Value, after: Value, cause: Cause) -> None:
        secret = is_secret(before) or is_secret(after) or lineage_of(self._root, path)[-1].masked
        forces = replacement_of(self._root, path) is not None
        self._fields.append(Field(path=path, before=before, after=after, cause=cause, forces=forces, secret=secret))

    def note_extras(self, desired: Properties, observed: Properties) -> None:
        """Declared inputs that are there, undesired and not their default."""
        for name, declared in self._root.fields.items():
            seen = observed.get(name, UNSET)
            quiet = declared.initial or declared.write_only or isinstance(declared.default, Unset)
            if name not in desired and not quiet and not _empty(seen) and seen != declared.default:
                self._extra.append((name,))

    def note_afloat(self, spoken: Properties, left: Properties, observed: Properties) -> None:
        """What floats, and is not as it was left."""
        for name in sorted(self._changed & self._root.fields.keys()):
            if name not in spoken and name in observed and left[name] != observed[name]:
                self._afloat.append(((name,), left[name], observed[name]))

    def difference(self) -> Difference:
        """What was found."""
        orders = {replacement_of(self._root, field.path) for field in self._fields}
        order = (
            Replace.DELETE_FIRST
            if Replace.DELETE_FIRST in orders
            else Replace.CREATE_FIRST
            if Replace.CREATE_FIRST in orders
            else None
        )
        return Difference(tuple(self._fields), order, tuple(self._kept), tuple(self._extra), afloat=tuple(self._afloat))


def leaf(desired: Value, last: Value, observed: Value, default: Value | Unset) -> Cause | None:
    """The truth table of docs/diff.md, for one leaf: why it differs, or `None` where nothing is to be done.

    An absent side is `UNSET`. `default` is what removal restores; `Unset` says that it cannot be unset.
    """
    if desired is UNSET:
        return _removed(last, observed, default)
    if _same_secret(desired, last):
        return None
    if not is_known(desired):
        # Whatever it becomes: what is there now is not what we left there.
        drifted = last is not UNSET and not is_secret(last) and not _equal(last, observed, default)
        return Cause.BOTH if drifted else Cause.UNKNOWN
    if _equal(desired, observed, default):
        return None
    if last is UNSET:
        return Cause.CHANGE
    if _equal(desired, last, default):
        return Cause.DRIFT
    return Cause.CHANGE if _equal(last, observed, default) else Cause.BOTH


def _removed(last: Value, observed: Value, default: Value | Unset) -> Cause | None:
    if isinstance(default, Unset) or _equal(_absent(default), observed, default):
        return None
    if last is UNSET:
        return None if default is None else Cause.DRIFT  # it is as the type says until somebody changes it
    return Cause.CHANGE


def _equal(left: Value, right: Value, default: Value | Unset) -> bool:
    """Equal as they stand; or one is absent and the other says the same as absence."""
    if left == right:
        return type(left) is type(right) or not isinstance(left, bool | int) or not isinstance(right, bool | int)
    if UNSET not in (left, right):
        return False
    there = right if left is UNSET else left
    return _empty(there) or (not isinstance(default, Unset) and there == default)


def _empty(value: Value) -> bool:
    return value is UNSET or value is None or (isinstance(value, dict | list) and not value)


def _same_secret(desired: Value, last: Value) -> bool:
    """A secret is compared with the reference last applied: what it stands for is nowhere to be seen."""
    return is_secret(desired) and bool(desired == last)


def _absent(default: Value | Unset) -> Value:
    return UNSET if default is None or isinstance(default, Unset) else default


def _is_mapping(value: Value) -> bool:
    return value is UNSET or isinstance(value, dict)


def _key_wise(declared: Property | None, observed: Value) -> bool:
    """A declared block is compared field by field even where it is absent: its fields may say what absence says."""
    block = declared is not None and declared.kind is Kind.BLOCK
    return isinstance(observed, dict) or (block and observed is UNSET)


def _keys(value: Value) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _element_wise(declared: Property | None, desired: Value, observed: Value) -> bool:
    """Lists of blocks are compared block by block, since the cloud adds fields to them."""
    if not isinstance(desired, list) or not isinstance(observed, list) or len(desired) != len(observed):
        return False
    if declared is not None and declared.kind is Kind.ANY:
        return all(isinstance(item, dict) for item in (*desired, *observed))
    return declared is not None and declared.items is not None and declared.items.kind is Kind.BLOCK
