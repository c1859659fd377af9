"""Pipelines with Flyte, its data in S3 and its records in a database."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Value
from mlinfra.library import Block, Check, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.bucket import add_bucket
from mlinfra.library.dashboard import add_dashboard, is_shown, workload_panels
from mlinfra.library.database import SIZE, Size, add_database, database_problems
from mlinfra.library.forms import Domain, Name
from mlinfra.library.outputs import Cluster, Exposure, LoadBalancer, Monitoring, Network, NodeGroup, Service
from mlinfra.library.own_domain import opened

from .contract import API, CONSOLE, CONTRACT, NAME, NAMESPACE, TASKS
from .server import NOTHING, server_values
from .ways_in import SignIn, add_ways_in, sign_in_problems, told_to_programs, way_in_problems

SECTION = Place("runtimes", entry="flyte")
NEEDS = (Network, Cluster, NodeGroup, Monitoring, LoadBalancer)


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
    sign_in: Annotated[
        SignIn | None, Meta(description="who is asked who somebody is that comes by the domain; needs `gateway: alb`")
    ] = None


CHECKS = (Check(sign_in_problems, ("domain", "sign_in")),)


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with its bucket and its database."""
    network, balancers = scope.one(Network), scope.every(LoadBalancer)
    scope.settle(*database_problems(network), *way_in_problems(inputs.domain, inputs.sign_in, balancers))
    bucket = add_bucket(scope, "data")
    database = add_database(scope, "database", name="flyte", size=inputs.database_size)
    metadata = {"name": NOTHING, "namespace": NAMESPACE}
    nothing = scope.add("nothing", "kubernetes:core/v1:ConfigMap", {"metadata": metadata, "data": {NOTHING: "''"}})
    names = {"bucket": bucket.arn, "password": database.password}
    values = server_values(database, bucket, facts, projects=inputs.projects, programs=told_to_programs(inputs.sign_in))
    contract = opened(CONTRACT, inputs.domain, balancers, (API, CONSOLE))
    add_addon(scope, contract, facts, values, names=names, after=[nothing])
    url = f"http://{NAME}-http.{NAMESPACE}.svc.cluster.local:{API}"
    exposed: tuple[Exposure, ...] = ()
    if inputs.domain:
        url, exposed = f"https://{inputs.domain}/v2", add_ways_in(scope, inputs.domain, inputs.sign_in, balancers)
    if is_shown(scope):
        add_dashboard(scope, "dashboard", "flyte", workload_panels(NAMESPACE, TASKS))
    return Outputs(
        url=url,
        exposed=exposed,
        bucket=bucket["bucket"],
        database=database.host,
        namespace=TASKS,
    )
