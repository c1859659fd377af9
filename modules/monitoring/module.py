"""What is measured and kept: metrics, dashboards, logs, alerts."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place
from mlinfra.library.forms import Duration, Name

SECTION = Place("monitoring")


class Metrics(Block, frozen=True, kw_only=True):
    """Where metrics go."""

    kind: Annotated[
        Literal["prometheus", "amp"], Meta(description="Prometheus in the cluster, or Amazon Managed Prometheus")
    ] = "prometheus"
    retention: Annotated[Duration, Meta(description="how long they are kept")] = "15d"


class Logs(Block, frozen=True, kw_only=True):
    """Where logs go."""

    kind: Annotated[
        Literal["cloudwatch", "loki", "none"], Meta(description="CloudWatch, Loki in the cluster, or nowhere")
    ] = "cloudwatch"
    retention: Annotated[Duration, Meta(description="how long they are kept")] = "30d"


class Receiver(Block, frozen=True, kw_only=True):
    """Who hears of an alert; one of the fields."""

    email: Annotated[str, Meta(description="an address", pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    sns: Annotated[str, Meta(description="ARN of an SNS topic", pattern=r"^(arn:aws[a-z-]*:sns:.+)?$")] = ""
    webhook: Annotated[str, Meta(description="an HTTPS address", pattern=r"^(https://.+)?$")] = ""


class Alerts(Block, frozen=True, kw_only=True):
    """What alarms whom."""

    receivers: Annotated[dict[Name, Receiver], Meta(description="who hears of alerts")] = {}
    rules: Annotated[
        tuple[
            Literal[
                "node-not-ready",
                "gpu-idle",
                "gpu-memory",
                "spot-interruption",
                "endpoint-errors",
                "endpoint-latency",
            ],
            ...,
        ],
        Meta(description="what is alarming"),
    ] = ("node-not-ready", "spot-interruption", "endpoint-errors")


class Inputs(Block, frozen=True, kw_only=True):
    """What is measured and kept."""

    metrics: Annotated[Metrics, Meta(description="where metrics go")] = Metrics()
    dashboards: Annotated[Literal["grafana", "none"], Meta(description="dashboards; sign-in is required")] = "grafana"
    gpu: Annotated[Literal["dcgm", "none"], Meta(description="what measures GPUs")] = "dcgm"
    logs: Annotated[Logs, Meta(description="where logs go")] = Logs()
    alerts: Annotated[Alerts, Meta(description="what alarms whom")] = Alerts()
