"""Pulling: why an image cannot be had, from what the node's runtime said of it, and what helps.

For the judge of containers. What a container says while it waits for the next try is mostly that it waits; the reason
stands in an event about its pod. Words: containerd 2 and the registries behind it (kubernetes.io, "Images"; ECR user
guide, "Troubleshooting errors with Amazon ECR"; Docker Hub, "Pull usage and limits"; November 2026).
"""

from __future__ import annotations

from mlinfra.health.seen import Live, Seen, short

_FAILED = "Failed to pull image"
# The more special ones first: "no match for platform in manifest: not found".
_CAUSES = (
    (
        ("no match for platform", "no matching manifest"),
        "it is not built for these machines' processors",
        "build it for them (docker buildx), or take a group of other instances",
    ),
    (
        ("no space left on device",),
        "the node's disk is full",
        "give the group a larger volume (nodeGroups.<name>.volume.size), or make the image smaller",
    ),
    (
        ("toomanyrequests", "rate limit"),
        "its registry lets nobody pull that often",
        "pull through a registry of your own: registries.<name>.pullThrough",
    ),
    (
        ("no basic auth", "unauthorized", "403 forbidden", "denied", "authorization failed"),
        "its registry does not let the nodes read it",
        "an ECR repository of another account has to allow this one; any other registry wants an imagePullSecret",
    ),
    (
        ("i/o timeout", "no such host", "connection refused", "deadline exceeded", "no route to host"),
        "its registry is not reached",
        "private nodes need network.nat, or network.vpcEndpoints with ecr.api, ecr.dkr and s3",
    ),
    (
        ("not found", "manifest unknown", "name unknown", "does not exist"),
        "there is no such image",
        "see its name and tag, and whether it was pushed",
    ),
)


def pull_failure(seen: Seen, pod: Live, message: str) -> tuple[str, str]:
    """Why, in a few words (empty where nobody says), and what to do."""
    told = _told(seen, pod, message)
    for marks, why, remedy in _CAUSES:
        if any(mark in told.lower() for mark in marks):
            return why, f"{remedy}; the node says: {short(told)}"
    return "", "check that the image exists, and that the nodes may read its registry" + (
        f"; the node says: {short(told)}" if told else ""
    )


def _told(seen: Seen, pod: Live, message: str) -> str:
    """What the runtime said: the newest event about it, or what the container itself tells."""
    uid = pod["metadata"].get("uid", "")
    told = [
        event
        for event in seen.objects.get("Event", ())
        if (event.get("involvedObject") or {}).get("uid") == uid and str(event.get("message")).startswith(_FAILED)
    ]
    newest = max(told, key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""), default={})
    said = str(newest.get("message") or message)
    return said.removeprefix(_FAILED).strip() if newest else said
