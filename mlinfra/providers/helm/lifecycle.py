"""Lifecycle: a release is installed, upgraded, mended and removed.

Every function may be called again after a crash at any point of it, hence each looks before it acts. What Helm left of
an interrupted call shows in the status of the last revision; `mending` says how to go on from there.
"""

from __future__ import annotations

import msgspec

from mlinfra.core.errors import Ambiguous, Conflict, ProviderError, Throttled
from mlinfra.providers.helm import failures
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.crds import apply_crds
from mlinfra.providers.helm.helm import HelmError
from mlinfra.providers.helm.marks import is_ours, labels, memory_in, owner_in, remembered
from mlinfra.providers.helm.mending import Way, mending_of
from mlinfra.providers.helm.readiness import causes, is_well
from mlinfra.providers.helm.releases import DEPLOYED, FAILED, Release, Revision
from mlinfra.providers.helm.work import Work


def install(work: Work) -> Release:
    """Make the release and wait until it is ready."""
    _warn_of_stand_in(work)
    apply_crds(work)
    try:
        work.operation.fence()
        work.helm.install(work.wish(1), work.operation)
    except HelmError as error:
        release = work.release()
        if release is None:
            raise _nothing_done(work, error) from error
        if owner_in(release.last.labels) != work.target.owner:
            raise _in_use(work) from error
        work.operation.made(work.id)
        raise _fallen(work, release, error) from error
    work.operation.made(work.id)
    return _written(work)


def bring(work: Work, *, changed: bool) -> Release:
    """Bring the release to what it should be; where nothing `changed`, mend what is not well and mark it ours."""
    release = work.release()
    if release is not None:
        release = _mended(work, release)
    if release is None:
        return install(work)
    if not changed and release.last.status == DEPLOYED:
        return mark(work, release)
    return _upgrade(work, release)


def remove(work: Work) -> None:
    """Remove the release and wait until its objects are gone. Its CRDs stay."""
    try:
        _uninstall(work)
    except HelmError as error:
        if not failures.is_untold(str(error)):
            raise _refused(work, "removing", error, None) from error
        _remove_again(work)


def _remove_again(work: Work) -> None:
    """Once more: Helm does not say why an object did not go, and it may have gone though the answer was lost."""
    try:
        _uninstall(work)
    except HelmError as error:
        raise _refused(work, "removing", error, None) from error


def _uninstall(work: Work) -> None:
    work.operation.fence()
    work.helm.uninstall(work.manner(), work.operation)


def mark(work: Work, release: Release) -> Release:
    """Let every revision say whose the release is: going back takes the labels of an earlier one up again."""
    for revision in release.revisions:
        wanted = labels(work.target.owner, memory_in(revision.labels))
        stale = {key: None for key in revision.labels if is_ours(key) and key not in wanted}
        if stale or any(revision.labels.get(key) != value for key, value in wanted.items()):
            _label(work, revision, {**wanted, **stale})
    return _there(work)


def _label(work: Work, revision: Revision, changes: dict[str, str | None] | dict[str, str]) -> None:
    work.cluster.merge("v1", "Secret", revision.namespace, revision.secret, {"metadata": {"labels": changes}})


def _mended(work: Work, release: Release) -> Release | None:
    """The release as Helm can go on from it; `None` where it is to be made anew."""
    status, mending = release.last.status, mending_of(release)
    if mending.way is Way.ANEW:
        work.operation.say(f"it is {status}: removing what is there of it")
        remove(work)
        return None
    if (back := mending.back) is None:
        return release
    work.operation.say(f"it is {status}: going back to revision {back.number}")
    try:
        _go_back(work, back, wait=False)  # what is to be waited for is what follows
    except HelmError as error:
        raise _refused(work, f"going back to revision {back.number} of", error, work.release()) from error
    return _there(work)


def _go_back(work: Work, back: Revision, *, wait: bool) -> None:
    """Go back to an earlier revision, and remember of the new one what was known of that."""
    manner = work.manner()
    work.operation.fence()
    work.helm.rollback(msgspec.structs.replace(manner, wait=manner.wait and wait), back.number, work.operation)
    release = _there(work)
    memory = memory_in(back.labels)
    if memory.revision == back.number and release.last.status == DEPLOYED:
        kept = {**remembered(memory), **remembered(type(memory)(revision=release.last.number))}
        _label(work, release.last, kept)


def _upgrade(work: Work, release: Release) -> Release:
    _warn_of_stand_in(work)
    apply_crds(work)
    try:
        work.operation.fence()
        work.helm.upgrade(work.wish(release.last.number + 1), work.operation)
    except HelmError as error:
        after = work.release()
        if after is None:
            raise _refused(work, "upgrading", error, None) from error
        raise _fallen(work, after, error) from error
    return _written(work)


def _warn_of_stand_in(work: Work) -> None:
    if work.chart.is_stand_in:
        work.operation.say(f"{work.chart.name} {work.chart.version} could not be fetched: a stand-in takes its place")


def _fallen(work: Work, release: Release, error: HelmError) -> ProviderError:
    """The error for a call that got somewhere. A revision that failed for good makes room for the one before it."""
    words = str(error)
    passing = failures.is_passing(words) or release.last.status.startswith("pending")
    # What Helm waited for in vain, because nobody told it any more, may have become ready all the same.
    if passing or (failures.is_unseen(words) and is_well(work, release.last)):
        return Ambiguous(f"{work.id}: it is {release.last.status}: {words}", code=Code.UNFINISHED)
    why = causes(work, release.last)
    if release.last.status != FAILED or work.properties.get("atomic") is False:
        return failures.refusal(f"release {work.id}", words, more=why)
    good = release.last_good
    try:
        if good is not None:
            _go_back(work, good, wait=True)
            why += f" It went back to revision {good.number}."
        elif work.flag("atomic"):
            remove(work)
            why += " It was removed again."
    except (HelmError, ProviderError) as failed:
        why += f" Going back failed as well: {failed}."
    return failures.refusal(f"release {work.id}", words, more=why.strip())


def _nothing_done(work: Work, error: HelmError) -> ProviderError:
    """The error for an install that left nothing behind: it may be repeated where it was bad luck."""
    if failures.is_passing(str(error)):
        return Throttled(f"installing release {work.id}: {error}", code=Code.UNFINISHED)
    return failures.refusal(f"installing release {work.id}", str(error))


def _refused(work: Work, doing: str, error: HelmError, release: Release | None) -> ProviderError:
    if failures.is_passing(str(error)):
        return Ambiguous(f"{doing} release {work.id}: {error}", code=Code.UNFINISHED)
    why = causes(work, release.last) if release is not None else ""
    return failures.refusal(f"{doing} release {work.id}", str(error), more=why)


def _in_use(work: Work) -> Conflict:
    return Conflict(
        f"there is a release {work.id} already, and it does not say that it is ours",
        code=Code.IN_USE,
        hint=f"choose another name, or take it over: mlinfra adopt STACK {work.target.address} {work.id}",
    )


def _written(work: Work) -> Release:
    """The release once Helm says that all went well: it says so too where it could not write that down.

    helm.sh/helm v4.2, pkg/action/install.go and upgrade.go: the error of recording the release is logged alone.
    """
    release = _there(work)
    if release.last.status.startswith("pending"):
        raise Ambiguous(f"{work.id}: Helm could not record that it is done", code=Code.UNFINISHED)
    return release


def _there(work: Work) -> Release:
    release = work.release()
    if release is None:
        raise Ambiguous(f"release {work.id} is gone while it was being worked on", code=Code.UNFINISHED)
    return release
