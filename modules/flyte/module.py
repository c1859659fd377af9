"""Pipelines with Flyte, its data in S3 and its records in a database."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Value
from mlinfra.library import Block, Place, Problem, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.bucket import add_bucket
from mlinfra.library.codes import Code
from mlinfra.library.dashboard import add_dashboard, is_shown, workload_panels
from mlinfra.library.database import SIZE, Size, add_database, database_problems
from mlinfra.library.forms import Domain, Name
from mlinfra.library.outputs import Cluster, Monitoring, Network, NodeGroup, Service

from .contract import CONTRACT, NAME, NAMESPACE, TASKS
from .server import NOTHING, server_values

SECTION = Place("runtimes", entry="flyte")
NEEDS = (Network, Cluster, NodeGroup, Monitoring)


class Outputs(Service, frozen=True, kw_only=True, rename="camel"):
    """Where it answers, and where it keeps things."""

    bucket: Annotated[Value, Meta(description="bucket of what its runs read and write")]
    database: Annotated[Value, Meta(description="DNS name of the database")]
    namespace: Annotated[Value, Meta(description="namespace in which its tasks run")]


class Inputs(Block, frozen=True, kw_only=True):
    """Pipelines with Flyte."""

    projects: Annotated[tuple[Name, ...], Meta(description="the projects that it starts with; empty: Flyte's own")] = ()
    database_size: Annotated[Size, Meta(description="the class of the database's machines")] = SIZE
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with its bucket and its database."""
    if inputs.domain:
        hint = "take domain out: it is reached from within the cluster"
        summary = "Flyte under a domain of its own cannot be planned yet: it has no sign-in"
        scope.report(Problem(Code.NOT_PLANNED_YET, summary, at=("domain",), hint=hint))
    network = scope.one(Network)
    scope.settle(*database_problems(network))
    bucket = add_bucket(scope, "data")
    database = add_database(scope, "database", name="flyte", size=inputs.database_size)
    metadata = {"name": NOTHING, "namespace": NAMESPACE}
    nothing = scope.add("nothing", "kubernetes:core/v1:ConfigMap", {"metadata": metadata, "data": {NOTHING: "''"}})
    names = {"bucket": bucket.arn, "password": database.password}
    values = server_values(database, bucket, facts, projects=inputs.projects)
    add_addon(scope, CONTRACT, facts, values, names=names, after=[nothing])
    if is_shown(scope):
        add_dashboard(scope, "dashboard", "flyte", workload_panels(NAMESPACE, TASKS))
    return Outputs(
        url=f"http://{NAME}-http.{NAMESPACE}.svc.cluster.local:8090",
        bucket=bucket["bucket"],
        database=database.host,
        namespace=TASKS,
    )
