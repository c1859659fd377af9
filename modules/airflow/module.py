"""Workflows with Apache Airflow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Domain
from mlinfra.library.outputs import Service

SECTION = Place("runtimes", entry="airflow")
Outputs = Service


class Inputs(Block, frozen=True, kw_only=True):
    """Workflows with Apache Airflow."""

    executor: Annotated[
        Literal["kubernetes", "celery"], Meta(description="how tasks run: a pod each, or on workers that stay")
    ] = "kubernetes"
    database: Annotated[
        Literal["rds", "in-cluster"], Meta(description="where records are kept: RDS, or a database in the cluster")
    ] = "rds"
    domain: Annotated[Domain, Meta(description="its domain name; empty: reached from within the cluster alone")] = ""
