"""Experiment tracking and a model registry with MLflow, its artifacts in S3 and its records in a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Value
from mlinfra.library import Block, Place, Problem, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.bucket import add_bucket
from mlinfra.library.codes import Code
from mlinfra.library.dashboard import add_dashboard, is_shown, workload_panels
from mlinfra.library.database import SIZE, Size, add_database, database_problems
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Cluster, Exposure, LoadBalancer, Monitoring, Network, NodeGroup, Service
from mlinfra.library.own_domain import add_domain, domain_problems, opened
from mlinfra.library.password import add_password
from mlinfra.library.route import Route, Way

from .contract import ADMIN, CONTRACT, NAME, PORT
from .server import ADMIN_KEY, server_values

SECTION = Place("runtimes", entry="mlflow")
NEEDS = (Network, Cluster, NodeGroup, Monitoring, LoadBalancer)
# Whether it is well, everybody may ask (MLflow 3, server/handlers: `/health`).
_WAY = Way("/", 80, pods=PORT, health="/health")


class Outputs(Service, frozen=True, kw_only=True, rename="camel"):
    """Where it answers, and where it keeps things."""

    bucket: Annotated[Value, Meta(description="bucket of the artifacts")]
    database: Annotated[Value, Meta(description="DNS name of the database")]
    admin_secret: Annotated[Value, Meta(description="the secret in Secrets Manager with the administrator's password")]


class Inputs(Block, frozen=True, kw_only=True):
    """Experiment tracking with MLflow."""

    artifacts: Annotated[Literal["s3"], Meta(description="where artifacts are kept")] = "s3"
    database: Annotated[
        Literal["rds", "in-cluster"], Meta(description="where records are kept: RDS, or a database in the cluster")
    ] = "rds"
    database_size: Annotated[Size, Meta(description="the class of the database's machines")] = SIZE
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with its bucket, its database, and an administrator."""
    scope.report(*_problems(inputs))
    network, balancers = scope.one(Network), scope.every(LoadBalancer)
    scope.settle(*database_problems(network), *domain_problems(inputs.domain, balancers))
    bucket = add_bucket(scope, "artifacts")
    database = add_database(scope, "database", name=NAME, size=inputs.database_size)
    admin, made = add_password(scope, "admin", "MLflow's administrator")
    signing_in = {"metadata": {"name": ADMIN, "namespace": NAME}, "stringData": {ADMIN_KEY: admin}}
    secret = scope.add("admin.secret", "kubernetes:core/v1:Secret", signing_in, depends_on=[made])
    copies = 2 if scope.stack.environment == "production" else 1
    values = server_values(database, bucket, facts, copies=copies, domain=inputs.domain)
    contract = opened(CONTRACT, inputs.domain, balancers, (PORT,))
    names = {"bucket": bucket.arn, "password": database.password}
    add_addon(scope, contract, facts, values, names=names, after=[secret])
    url = f"http://{NAME}.{NAME}.svc.cluster.local"
    exposed: tuple[Exposure, ...] = ()
    if inputs.domain:
        route = Route(host=inputs.domain, service=NAME, namespace=NAME, ways=(_WAY,))
        url, exposed = f"https://{inputs.domain}", add_domain(scope, inputs.domain, balancers, route)
    if is_shown(scope):
        add_dashboard(scope, "dashboard", NAME, workload_panels(NAME))
    return Outputs(
        url=url,
        exposed=exposed,
        bucket=bucket["bucket"],
        database=database.host,
        admin_secret=admin.name,
    )


def _problems(inputs: Inputs) -> Iterator[Problem]:
    if inputs.database == "in-cluster":
        hint = "use database: rds"
        summary = "MLflow on a database in the cluster cannot be planned yet: its chart's own is no longer maintained"
        yield Problem(Code.NOT_PLANNED_YET, summary, at=("database",), hint=hint)
