"""The lifecycle: how any declared type is made, brought up to date, tagged and removed.

`provider` calls it with one piece of work. Each function may be repeated after a crash at any point of it.
"""

from __future__ import annotations

from mlinfra.aws.calls import Answer
from mlinfra.aws.errors import Failure
from mlinfra.core.errors import Conflict, InvalidRequest, NotFound, ProviderError
from mlinfra.core.observed import Present
from mlinfra.core.ownership import PREFIX
from mlinfra.core.property import Unset
from mlinfra.providers.aws.aws_type import Act, Item, Update
from mlinfra.providers.aws.listing import is_gone
from mlinfra.providers.aws.template import Call, dig
from mlinfra.providers.aws.waiting import cause, wait_gone, wait_ready
from mlinfra.providers.aws.work import Work

_CONFLICT_LIMIT = 900.0  # what held an object that is going takes minutes to go itself
_CONFLICT_EVERY = 5.0
_CONFLICT_SOON = 30.0  # seconds after which it is worth a call to know what is waited for
_SHOWN = 8  # of those that hold an object


def create(work: Work) -> Item:
    """Make the object, say its id as soon as it is known, then do what follows, and wait until it is ready."""
    kind = work.kind
    tags = _users(work) | work.target.owner.tags() if kind.tagging is not None else {}
    made = kind.create
    if kind.tagging is not None:
        made = Call(
            operation=made.operation,
            fields=made.fields,
            params={**made.params, **kind.tagging.creation},
            service=made.service,
            lag=made.lag,
        )
    try:
        answer = work.perform(made, tags=tags, token=work.target.token)
    except InvalidRequest as error:
        raise _with_advice(work, error) from error.__cause__
    work.id = _id_in(work, answer)
    work.operation.made(work.id)
    _complete(work)
    return wait_ready(work)


def _with_advice(work: Work, error: InvalidRequest) -> InvalidRequest:
    """The refusal, with what its type knows to do about it."""
    advice = next((said for pattern, said in work.kind.advice.items() if Failure(error).matches(pattern)), "")
    if not advice:
        return error
    rule = work.kind.about.name
    name = work.value(rule.property) if rule is not None else ""
    return InvalidRequest(str(error), code=error.code, hint=advice.format(address=work.target.address, name=name))


def _id_in(work: Work, answer: Answer) -> str:
    """The new object's id. Flow logs refuse with an answer that looks like success."""
    kind = work.kind
    if callable(kind.made):
        return kind.made(answer)
    found = dig(answer, kind.made) if kind.made else {}
    if not found and (refused := dig(answer, "Unsuccessful[0].Error")):
        raise cause(f"{work.target.address}: {refused.get('Message')} ({refused.get('Code')})")
    return kind.id.format_map({**found, **work.properties}) if kind.named else str(found)


def _complete(work: Work) -> None:
    """What the create call could not say: properties that differ from what a new object has."""
    carried = work.kind.create.properties()
    missing = [update for update in work.kind.updates if _is_missing(work, update, carried)]
    if missing and work.kind.waiting is not None:
        wait_ready(work)
    for update in missing:
        _carry_out(work, update.by)
    for act in work.kind.after:
        act(work)


def _is_missing(work: Work, update: Update, carried: frozenset[str]) -> bool:
    for name in update.fields:
        declared = work.kind.about.inputs.fields[name]
        standard = None if isinstance(declared.default, Unset) else declared.default
        if name not in carried and name in work.properties and work.properties[name] != standard:
            return True
    return False


def update(work: Work) -> Item:
    """Bring the changed properties about; with none changed, finish what an earlier run began."""
    if work.kind.waiting is not None:
        wait_ready(work, tolerant=True)
    retag(work)
    changed = work.changed_names - ({"tags"} if work.kind.about.maps_tags else set())
    for one in work.kind.updates:
        if changed.intersection(one.fields):
            _carry_out(work, one.by)
            changed -= set(one.fields)
    if changed:
        raise InvalidRequest(f"{work.target.address}: {work.kind.token} cannot change {', '.join(sorted(changed))}")
    if not work.changed or work.kind.signed:
        for act in work.kind.after:
            act(work)
    return wait_ready(work)


def _carry_out(work: Work, by: tuple[Call, ...] | Act) -> None:
    if callable(by):
        by(work)
        return
    for call in by:
        work.perform(call)


def retag(work: Work) -> None:
    """Give it the owner's tags and the changed ones of the user's; take away those that are no longer wanted."""
    tagging, prior = work.kind.tagging, work.prior
    if tagging is None or prior is None:
        return
    ours = work.target.owner.tags()
    theirs = prior.owner.tags() if prior.owner is not None else {}
    desired, shown = _users(work), prior.properties.get("tags", {})
    changed = _changed_tags(work, desired, shown) if work.kind.about.maps_tags else set()
    added = {key: desired[key] for key in changed if key in desired}
    added |= {key: value for key, value in ours.items() if theirs.get(key) != value}
    removed = {key: "" for key in changed if key not in desired}
    removed |= {key: "" for key in theirs if key.startswith(PREFIX) and key not in ours}
    _tag(work, tagging.add, added)
    _tag(work, tagging.remove, removed)


def _users(work: Work) -> dict[str, str]:
    """The user's tags, where they are a map; in any other form they are a property like all others."""
    tags: dict[str, str] = work.properties.get("tags", {}) if work.kind.about.maps_tags else {}
    return tags


def _changed_tags(work: Work, desired: dict[str, str], shown: dict[str, str]) -> set[str]:
    paths = [path for path in work.changed if path[0] == "tags"]
    if any(len(path) == 1 for path in paths):
        return {key for key in {**desired, **shown} if desired.get(key) != shown.get(key)}
    return {str(path[1]) for path in paths}


def _tag(work: Work, by: Call | Act, tags: dict[str, str]) -> None:
    if not tags:
        return
    if isinstance(by, Call):
        work.perform(by, tags=tags)
    else:
        work.tags = tags
        by(work)


def delete(work: Work) -> None:
    """Remove it, wait for those that still hold it to let go, and wait until it is gone."""
    began, holders = work.clock.monotonic(), ""
    limit = work.kind.held.limit if work.kind.held is not None else _CONFLICT_LIMIT
    while True:
        try:
            by = work.kind.delete
            if isinstance(by, Call):
                work.perform(by)
            else:
                by(work)
        except NotFound:
            if (item := work.describe()) is None or is_gone(work.kind, item):
                return
            raise  # it is not the object that was not found
        except ProviderError as error:
            passing = isinstance(error, Conflict) and Failure(error).matches(work.kind.conflicts)
            waited = work.clock.monotonic() - began
            if not passing or waited > limit:
                raise _with_holders(work, error) from error.__cause__
            if not holders and waited > _CONFLICT_SOON:
                holders = _holders_of(work)
            work.pause(_CONFLICT_EVERY, f"waiting for what still uses it ({holders or Failure(error).code})")
        else:
            break
    wait_gone(work)


def _with_holders(work: Work, error: ProviderError) -> ProviderError:
    """The error, and what holds the object, where it is a refusal and that can be found out."""
    held = work.kind.held
    holders = _holders_of(work) if isinstance(error, Conflict | InvalidRequest) else ""
    if held is None or not holders:
        return error
    return type(error)(f"{error}: {holders}", code=error.code, hint=held.hint.format(address=work.target.address))


def _holders_of(work: Work) -> str:
    """What holds the object, in words; "" where nobody can say."""
    try:
        holders = list(work.kind.held.by(work)) if work.kind.held is not None else []
    except ProviderError:
        return ""  # why it was refused matters more than that its holders cannot be seen
    more = f" and {len(holders) - _SHOWN} more" if len(holders) > _SHOWN else ""
    return ", ".join(holders[:_SHOWN]) + more


def tag(work: Work, prior: Present) -> None:
    """Give it the owner's tags, and nothing else."""
    work.prior = prior
    retag(work)
