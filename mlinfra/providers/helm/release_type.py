"""The type of a release: what the engine knows of `kubernetes:helm.sh/v3:Release`.

Names and meanings are those of Pulumi's schema (pulumi_kubernetes 4.34, `helm.v3.ReleaseArgs`). Left out is what would
let a release be something else than its plan shows (`postrender`, `reuseValues`, `devel`, `replace`, `valueYamlFiles`),
and what Helm 4 does not have any more (`recreatePods`).
"""

from __future__ import annotations

from mlinfra.core.property import Replace, anything, block, boolean, integer, map_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.core.value import Properties

RELEASE = "kubernetes:helm.sh/v3:Release"

# How long one thing is waited for, in seconds; Helm's own default.
TIMEOUT = 300
HISTORY = 10

_HOW = {"write_only": True}  # how Helm goes about it: never stored with the release


def _namespace(properties: Properties) -> tuple[str, ...]:
    """The room of a cluster that a release lies in, named as Kubernetes objects name theirs."""
    namespace = properties.get("namespace")
    return (f"namespace {namespace}",) if isinstance(namespace, str) else ()


RELEASE_TYPE = ResourceType(
    token=RELEASE,
    inputs=block(
        {
            "name": text(replace=Replace.DELETE_FIRST, pattern=r"^[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?$"),
            "namespace": text(replace=Replace.DELETE_FIRST, default="default"),
            "chart": text(required=True, min_length=1, **_HOW),
            "version": text(pattern=r"^[^@\s]+(?:@sha256:[0-9a-f]{64})?$"),
            "repositoryOpts": block(
                {
                    "repo": text(),
                    "username": text(),
                    "password": text(),
                    "caFile": text(),
                    "certFile": text(),
                    "keyFile": text(),
                },
                default=None,
                **_HOW,
            ),
            "values": map_of(anything(), default=None),
            # What stands in the way of the objects being as the release has them: always empty, where all is well.
            "manifest": anything(default=None),
            "description": text(default=None, **_HOW),
            "createNamespace": boolean(default=False, **_HOW),
            "atomic": boolean(default=False, **_HOW),
            "cleanupOnFail": boolean(default=False, **_HOW),
            "timeout": integer(default=TIMEOUT, minimum=1, **_HOW),
            "skipAwait": boolean(default=False, **_HOW),
            "waitForJobs": boolean(default=False, **_HOW),
            "skipCrds": boolean(default=False, **_HOW),
            "disableWebhooks": boolean(default=False, **_HOW),
            "disableOpenapiValidation": boolean(default=False, **_HOW),
            "forceUpdate": boolean(default=False, **_HOW),
            "takeOwnership": boolean(default=False, **_HOW),
            "maxHistory": integer(default=HISTORY, minimum=0, **_HOW),
        }
    ),
    key=("namespace", "name"),
    name=NameRule("name", longest=53, lower=True),
    volatile={"status": (), "resourceNames": ()},
    marked=True,
    perishes=True,
    lies_in=_namespace,
)
