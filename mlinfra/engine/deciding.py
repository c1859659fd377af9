"""Deciding: what is to happen to each address, one by one, dependencies first.

The second part of planning, after the standings and before the steps. Pure. What one address decides shows the next
which outputs stay known.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.connections import is_in_cluster
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.naming import derive_name
from mlinfra.core.observed import Absent, Present, Unreadable
from mlinfra.core.ownership import Owner, corrected
from mlinfra.core.plan import Action
from mlinfra.core.property import Replace
from mlinfra.core.resource import Resource
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.core.state import Record, Status
from mlinfra.core.value import Expression, Properties, Value, path_text, referred, refs, resolve
from mlinfra.engine.codes import Code
from mlinfra.engine.decision import Context, Decision, conflict, merged, not_adoptable, unreadable_warning
from mlinfra.engine.diff import Difference, attributed, compare
from mlinfra.engine.locate import Places, is_ours, key_of
from mlinfra.engine.normal import shown
from mlinfra.engine.standing import Standing, present_of


class Deciding:
    """Decides address after address, and remembers what is known of each one's outputs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._places = Places(context.types, context.survey)
        self._known: dict[Address, Properties] = {}
        self._gone_first: set[Address] = set()  # replaced, the old one before the new one
        self._refused: set[Address] = set()  # what stands in their place is not theirs
        self.diagnostics: list[Diagnostic] = []

    def lookup(self, expression: Expression) -> Value:
        """What is known of a reference while planning; itself otherwise."""
        return referred(expression, self._known.get)

    def decide(self, resource: Resource) -> Decision:
        """The decision for a desired resource whose dependencies are decided."""
        placed = resource.connection.resolved(self.lookup)
        if placed is not resource.connection:
            resource = msgspec.structs.replace(resource, connection=placed)
        decision = self._decide(resource)
        self._known[resource.address] = self._outputs_after(decision)
        if decision.action is Action.REPLACE and decision.order is Replace.DELETE_FIRST:
            self._gone_first.add(resource.address)
        return decision

    def _decide(self, resource: Resource) -> Decision:
        standing = self._standing_of(resource)
        record = standing.record
        if record is None:
            return self._create(resource, standing, "")
        if is_in_cluster(record.connection.kind) and record.connection.identity != resource.connection.identity:
            # What it was in goes, or has gone: it needs no call of its own.
            gone = msgspec.structs.replace(standing, observed=Absent())
            return self._create(resource, gone, "the cluster that it was in is replaced")
        room = self._context.taken.get(resource.address)
        match standing.observed:
            case Unreadable() if room is not None:
                return self._replace(resource, standing, Difference(), Replace.DELETE_FIRST, f"goes with {room}")
            case Unreadable(reason):
                self._warn_unreadable(resource.address, reason, resource)
                return self._idle(resource, standing)
            case Absent():
                ours = (record.address, record.generation) in self._context.standings.ending
                whose = "by a run that was interrupted" if ours else "outside"
                return self._create(resource, standing, f"{record.id} was deleted {whose}")
            case Present() as present:
                return self._decide_present(resource, standing, record, present)

    def _standing_of(self, resource: Resource) -> Standing:
        """The standing of the address; else what stands in its place in the cloud, where that may be taken back."""
        address = resource.address
        standing = self._context.standings.current.get(address, Standing())
        adopted = self._context.adoptions.get(address)
        if standing.record is None and adopted is not None:
            return self._made_up(resource, standing, adopted)
        if standing.record is not None or self._places.is_empty(resource):
            return standing
        kind = self._context.types[resource.type]
        target = self._target(resource, kind, standing, self._next_generation(resource, standing))
        desired = resolve(target, self.lookup)
        present = self._places.locate(resource, desired)
        if present is None:
            return standing
        if is_ours(resource, kind, present, standing.intent, self._context.standings):
            return self._made_up(resource, standing, present)
        self._refuse_conflict(resource, kind, present)
        return standing

    def _made_up(self, resource: Resource, standing: Standing, present: Present) -> Standing:
        owner = present.owner
        record = Record(
            address=resource.address,
            type=resource.type,
            id=present.id,
            generation=owner.generation if owner else self._next_generation(resource, standing),
            connection=resource.connection,
            inputs=None,
            outputs=present.properties,
        )
        return Standing(record, present, taken_back=True, intent=standing.intent)

    def _refuse_conflict(self, resource: Resource, kind: ResourceType, present: Present) -> None:
        if self._places.is_lost(resource, present, self._context.ownership):
            return  # of another lineage: that the state was lost is said once, and is all that helps
        self._refused.add(resource.address)
        if any(ref.address in self._refused for ref in refs(resource.properties.get(kind.parent))):
            return  # of what it lies below, which is somebody else's, that was said
        self.diagnostics.append(conflict(resource, kind, present, self._context))

    def _decide_present(self, resource: Resource, standing: Standing, record: Record, present: Present) -> Decision:
        kind = self._context.types[resource.type]
        if refusal := self._ownership_refused(resource, kind, present):
            self.diagnostics.append(refusal)
            return self._idle(resource, standing)
        if record.type != resource.type:
            was = f"was a {record.type}"
            return self._replace(resource, standing, Difference(), Replace.CREATE_FIRST, was, sure=True)
        if present.failed:
            return self._replace(resource, standing, Difference(), Replace.DELETE_FIRST, present.failed)
        target = self._target(resource, kind, standing, record.generation)
        desired = resolve(target, self.lookup)
        found = compare(kind, desired, record.inputs, present.properties, record.outputs)
        difference = attributed(found, present.authors)
        self._note_leftovers(resource, difference)
        room = self._context.taken.get(resource.address)
        if difference.order is not None:
            causes = ", ".join(path_text(field.path) for field in difference.fields if field.forces)
            if resource.address in self._context.adoptions:
                self.diagnostics.append(not_adoptable(resource, present, causes))
                return self._idle(resource, standing)
            why = f"{causes} cannot be changed"
            return self._replace(resource, standing, difference, difference.order, why, sure=room is not None)
        if room is not None:
            return self._replace(resource, standing, difference, Replace.DELETE_FIRST, f"goes with {room}", sure=True)
        if upon := self._goes_with(resource, kind):
            gone = f"{upon} is replaced"
            return self._replace(resource, standing, difference, Replace.DELETE_FIRST, gone, sure=True)
        return self._keep(resource, standing, record, present, difference, target, desired)

    def _goes_with(self, resource: Resource, kind: ResourceType) -> Address | None:
        """What it stands upon, for good or so that it cannot go, and what goes before its successor comes."""
        for name, declared in kind.inputs.fields.items():
            if (declared.replace is not None or declared.keeps) and self._gone_first:
                for ref in refs(resource.properties.get(name)):
                    if ref.address in self._gone_first:
                        return ref.address
        return None

    def _keep(
        self,
        resource: Resource,
        standing: Standing,
        record: Record,
        present: Present,
        difference: Difference,
        target: Properties,
        desired: Properties,
    ) -> Decision:
        """The object stays: updated, adopted, renamed, or left alone."""
        kind = self._context.types[resource.type]
        protect = resource.lifecycle.protect
        expected = Owner.under(self._context.ownership, resource.address, record.generation, protect=protect)
        retag = kind.taggable and kind.owned_by is OwnedBy.TAGS and present.owner != expected
        finish = record.status is Status.CREATING
        action, reason = self._action(standing, bool(difference.fields), retag=retag, finish=finish, present=present)
        new_tags = corrected(present.owner, expected) if action is Action.UPDATE and retag else ""
        reason = "; ".join(filter(None, (reason, new_tags, present.plight)))
        behind = record.inputs != desired or record.protect != protect
        return Decision(
            address=resource.address,
            type=resource.type,
            action=action,
            standing=standing,
            resource=resource,
            generation=record.generation,
            properties=target,
            desired=desired,
            difference=difference,
            reason=reason,
            retag=retag,
            finish=finish,
            settle=behind and action is Action.NO_OP,
        )

    def _action(
        self, standing: Standing, differs: bool, *, retag: bool, finish: bool, present: Present
    ) -> tuple[Action, str]:
        if standing.origin is not None:
            return Action.MOVE, f"was {standing.origin}"
        if standing.taken_back:
            return Action.ADOPT, f"{present.id} is ours, and no record names it" if not retag else f"takes {present.id}"
        if differs:
            return Action.UPDATE, ""
        if finish:
            return Action.UPDATE, "an earlier run was stopped before it was ready"
        if retag:
            return Action.UPDATE, ""
        return Action.NO_OP, ""

    def _replace(
        self,
        resource: Resource,
        standing: Standing,
        difference: Difference,
        order: Replace,
        reason: str,
        *,
        sure: bool = False,
    ) -> Decision:
        kind = self._context.types[resource.type]
        generation = self._next_generation(resource, standing)
        target = self._target(resource, kind, Standing(intent=standing.intent), generation)
        present = present_of(standing)
        desired = resolve(target, self.lookup)
        key = key_of(kind, desired)
        if present is not None and key is not None and key == key_of(kind, present.properties):
            order = Replace.DELETE_FIRST  # the new one would stand in the place of the old one
        return Decision(
            address=resource.address,
            type=resource.type,
            action=Action.REPLACE,
            standing=standing,
            resource=resource,
            generation=generation,
            properties=target,
            desired=desired,
            difference=difference,
            order=order,
            reason=reason,
            sure=sure,
        )

    def _create(self, resource: Resource, standing: Standing, reason: str) -> Decision:
        kind = self._context.types[resource.type]
        generation = self._next_generation(resource, standing)
        target = self._target(resource, kind, Standing(intent=standing.intent), generation)
        return Decision(
            address=resource.address,
            type=resource.type,
            action=Action.CREATE,
            standing=standing,
            resource=resource,
            generation=generation,
            properties=target,
            desired=resolve(target, self.lookup),
            reason=reason,
        )

    def _idle(self, resource: Resource, standing: Standing) -> Decision:
        record = standing.record
        assert record is not None
        return Decision(
            address=resource.address,
            type=resource.type,
            action=Action.NO_OP,
            standing=standing,
            resource=resource,
            generation=record.generation,
        )

    def _next_generation(self, resource: Resource, standing: Standing) -> int:
        """One more than any before; that of a create attempt without a result is taken up again."""
        if standing.intent is not None:
            return standing.intent.generation
        return self._context.standings.highest.get(resource.address, 0) + 1

    def _target(self, resource: Resource, kind: ResourceType, standing: Standing, generation: int) -> Properties:
        """The properties to aim at: what is desired, and the name that the object has, or that its address derives."""
        rule = kind.name
        if rule is None or resource.names_itself(rule.property):
            return resource.properties
        record = standing.record
        name: Any = None
        if record is not None:
            name = (record.inputs or {}).get(rule.property) or record.outputs.get(rule.property)
        name = name or resource.properties.get(rule.property)
        if not name:
            ownership, region = self._context.ownership, self._context.region
            name = derive_name(
                rule, stack=ownership.stack, region=region, address=resource.address, generation=generation
            )
        return {**resource.properties, rule.property: name}

    def _outputs_after(self, decision: Decision) -> Properties:
        """What is certain of its outputs once the decision is carried out."""
        present = present_of(decision.standing)
        if decision.action in (Action.CREATE, Action.REPLACE):
            return decision.desired
        if present is None:
            record = decision.standing.record
            return {**record.outputs, "id": record.id} if record is not None else {}
        outputs = {**present.properties, "id": present.id}
        changed = {field.path[0] for field in decision.difference.fields} - {"tags"}
        if changed:
            volatile = self._context.types[decision.type].volatile
            altered = {name for name, inputs in volatile.items() if not inputs or changed.intersection(inputs)}
            outputs = {key: value for key, value in merged(outputs, decision.desired).items() if key not in altered}
        return outputs

    def _ownership_refused(self, resource: Resource, kind: ResourceType, present: Present) -> Diagnostic | None:
        owner = present.owner
        if kind.owned_by is not OwnedBy.TAGS or owner is None or owner.is_of(self._context.ownership):
            return None
        return Diagnostic(
            code=Code.CLAIMED_ELSEWHERE,
            summary=f"{resource.address}: {present.id} says that it belongs to {owner.stack} ({owner.lineage})",
            detail="Its ownership tags and our record disagree; nothing is done with it.",
            address=resource.address,
            source=resource.source,
            hint=f"if it is not ours any more: mlinfra state forget STACK {resource.address}",
        )

    def _warn_unreadable(self, address: Address, reason: str, resource: Resource | None = None) -> None:
        self.diagnostics.append(unreadable_warning(address, reason, resource))

    def _note_leftovers(self, resource: Resource, difference: Difference) -> None:
        for path in difference.kept:
            self.diagnostics.append(
                Diagnostic(
                    severity=Severity.WARNING,
                    code=Code.CANNOT_BE_UNSET,
                    summary=f"{resource.address}: {path_text(path)} was taken out of the stack and cannot be unset",
                    detail="It stays as it is.",
                    address=resource.address,
                    source=resource.source,
                    hint="give it the value that it shall have",
                )
            )
        for path, was, is_now in difference.afloat:
            self.diagnostics.append(
                Diagnostic(
                    severity=Severity.WARNING,
                    code=Code.AFLOAT,
                    summary=f"{resource.address}: {path_text(path)} was {shown(was)} when it was last applied, "
                    f"and is {shown(is_now)}",
                    detail="The stack does not say what it shall be, so it stays as it is.",
                    address=resource.address,
                    source=resource.source,
                    hint=f"say in the stack what {path_text(path)} shall be",
                )
            )
        for path in difference.extra:
            self.diagnostics.append(
                Diagnostic(
                    severity=Severity.NOTE,
                    code=Code.UNDECLARED,
                    summary=f"{resource.address}: {path_text(path)} is set, and the stack does not say so",
                    address=resource.address,
                    source=resource.source,
                )
            )
