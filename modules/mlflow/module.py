"""Experiment tracking and a model registry with MLflow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="mlflow")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Experiment tracking with MLflow."""

    artifacts: Annotated[Literal["s3"], Meta(description="where artifacts are kept")] = "s3"
    database: Annotated[
        Literal["rds", "in-cluster"], Meta(description="where records are kept: RDS, or a database in the cluster")
    ] = "rds"
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
