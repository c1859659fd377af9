from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Concat, Json, Ref, Secret
from tests.library.samples import codes, graph_of, of_type, properties, refusals
from tests.modules.cases import RECEIVERS, RULES, watched

_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_TOPIC = Ref(Address("monitoring.alerts.topic"), ("arn",))
_OTHERS = "arn:aws:sns:us-east-1:123456789012:everybody"


def _alerting(*rules: str, **more: Any) -> Graph:
    return graph_of(watched(alerts={"receivers": RECEIVERS, "rules": list(rules)}, **more))


def _alarms(graph: Graph) -> list[str]:
    return [str(one.address).removeprefix("monitoring.alerts.") for one in of_type(graph, _ALARM)]


def test_by_default_logs_are_kept_for_thirty_days_and_nobody_is_told_of_anything() -> None:
    graph = graph_of(watched())
    groups = [one.properties for one in of_type(graph, "aws:cloudwatch/logGroup:LogGroup")]
    kept = {one["name"]: one["retentionInDays"] for one in groups if "containerinsights" in str(one["name"])}
    assert kept == {f"/aws/containerinsights/demo/{part}": 30 for part in ("application", "host", "dataplane")}
    assert not [one for one in graph if "alerts" in one.address]


def test_what_writes_logs_may_write_to_these_groups_and_nothing_else() -> None:
    graph = graph_of(watched())
    (statement,) = properties(graph, "monitoring.logs.writer.role.policy")["policy"].content["Statement"]
    group = Ref(Address("monitoring.logs.application"), ("arn",))
    assert statement["Resource"][:2] == [group, Concat((group, ":*"))]
    assert set(statement["Action"]) == {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}
    identity = properties(graph, "monitoring.logs.writer.identity")
    assert (identity["namespace"], identity["serviceAccount"]) == ("fluent-bit", "fluent-bit")


def test_receivers_are_subscribed_and_topics_of_others_are_told_directly() -> None:
    graph = _alerting("node-not-ready")
    told = [one.properties for one in of_type(graph, "aws:sns/topicSubscription:TopicSubscription")]
    assert [(one["protocol"], one["endpoint"]) for one in told] == [
        ("email", "oncall@acme.example"),
        ("https", "https://hooks.acme.example/ml"),
    ]
    assert properties(graph, "monitoring.alerts.node-not-ready.system")["alarmActions"] == [_TOPIC, _OTHERS]


def test_services_of_this_account_alone_may_publish_alerts() -> None:
    policy = properties(_alerting("node-not-ready"), "monitoring.alerts.topic.policy")["policy"]
    first, events = policy.content["Statement"]
    assert first["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert events["Principal"] == {"Service": "events.amazonaws.com"}
    assert {statement["Action"] for statement in (first, events)} == {"sns:Publish"}


def test_no_topic_is_made_where_others_have_theirs() -> None:
    receivers = {"others": RECEIVERS["others"]}
    graph = graph_of(watched(alerts={"receivers": receivers, "rules": ["node-not-ready"]}))
    assert not of_type(graph, "aws:sns/topic:Topic")
    assert properties(graph, "monitoring.alerts.node-not-ready.system")["alarmActions"] == [_OTHERS]


@pytest.mark.parametrize(
    ("rule", "alarms"),
    [
        ("node-not-ready", ["node-not-ready.system"]),
        ("endpoint-errors", ["endpoint-errors.inner.https", "endpoint-errors.inner.http", "endpoint-errors.web"]),
        ("endpoint-latency", ["endpoint-latency.web"]),
        ("gpu-idle", []),
        ("spot-interruption", []),
    ],
)
def test_each_rule_is_watched_wherever_aws_can(rule: str, alarms: list[str]) -> None:
    assert _alarms(_alerting(rule)) == alarms


def test_machines_are_watched_by_their_scaling_group() -> None:
    alarm = properties(_alerting("node-not-ready"), "monitoring.alerts.node-not-ready.system")
    name = Ref(Address("nodeGroups.system"), ("resources", 0, "autoscalingGroups", 0, "name"))
    assert (alarm["metricName"], alarm["dimensions"]) == ("StatusCheckFailed", {"AutoScalingGroupName": name})


def test_errors_are_a_share_of_all_requests() -> None:
    alarm = properties(_alerting("endpoint-errors"), "monitoring.alerts.endpoint-errors.web")
    share, *counts = alarm["metricQueries"]
    assert share["expression"] == "100 * (FILL(service, 0) + FILL(balancer, 0)) / requests"
    assert [one["id"] for one in counts] == ["service", "balancer", "requests"]
    assert [one["returnData"] for one in alarm["metricQueries"]] == [True, False, False, False]


def test_where_connections_are_balanced_a_gateway_without_a_healthy_pod_is_an_error() -> None:
    alarm = properties(_alerting("endpoint-errors"), "monitoring.alerts.endpoint-errors.inner.https")
    group = Ref(Address("loadBalancers.inner.target-group.https"), ("arnSuffix",))
    assert (alarm["metricName"], alarm["dimensions"]["TargetGroup"]) == ("HealthyHostCount", group)


def test_interruptions_of_spot_machines_are_told_to_every_topic() -> None:
    graph = _alerting("spot-interruption")
    targets = of_type(graph, "aws:cloudwatch/eventTarget:EventTarget")
    assert [(str(one.address), one.properties["arn"]) for one in targets] == [
        ("monitoring.alerts.spot-interruption.topic", _TOPIC),
        ("monitoring.alerts.spot-interruption.receivers.others", _OTHERS),
    ]
    assert properties(graph, "monitoring.alerts.spot-interruption")["eventPattern"] == Json(
        {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]}
    )


def test_managed_prometheus_watches_what_it_can_and_tells_every_topic() -> None:
    graph = _alerting(*RULES, metrics={"kind": "amp"})
    rules = properties(graph, "monitoring.metrics.rules")["data"]
    assert [line.split()[-1] for line in rules.splitlines() if "alert:" in line] == [
        "node-not-ready",
        "gpu-idle",
        "gpu-memory",
        "endpoint-errors",
        "endpoint-latency",
    ]
    definition = properties(graph, "monitoring.metrics.alerts")["definition"]
    assert _TOPIC in definition.parts
    assert _OTHERS in definition.parts


def test_who_writes_metrics_and_who_reads_them_are_two() -> None:
    graph = _alerting(metrics={"kind": "amp"})
    rights = {
        part: properties(graph, f"monitoring.metrics.{part}.role.policy")["policy"].content["Statement"][0]
        for part in ("writer", "reader")
    }
    assert rights["writer"]["Action"] == ["aps:RemoteWrite"]
    assert "aps:QueryMetrics" in rights["reader"]["Action"]
    assert rights["writer"]["Resource"] == Ref(Address("monitoring.metrics"), ("arn",))
    unread = graph_of(watched(metrics={"kind": "amp"}, dashboards="none"))
    assert Address("monitoring.metrics.reader.role") not in unread.resources


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"logs": {"retention": "10d"}}, [("MLI2602", "logs.retention")]),
        ({"metrics": {"kind": "amp", "retention": "30d"}}, [("MLI2603", "metrics.retention")]),
        ({"alerts": {"receivers": {"nobody": {}}}}, [("MLI2601", "alerts.receivers.nobody")]),
        (
            {"alerts": {"receivers": {"two": {"email": "a@b.example", "webhook": "https://a.example"}}}},
            [("MLI2601", "alerts.receivers.two")],
        ),
        (
            {"alerts": {"receivers": {"a": {"email": "a@b.example"}, "b": {"email": "a@b.example"}}}},
            [("MLI2601", "alerts.receivers.b")],
        ),
    ],
)
def test_what_cannot_be_monitored_is_refused(about: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(refusals(watched(**about))) == [(code, f"monitoring.{at}") for code, at in expected]


@pytest.mark.parametrize("retention", ["1w", "720h", "2w", "7d"])
def test_times_are_written_as_they_please(retention: str) -> None:
    assert graph_of(watched(logs={"retention": retention})).resources


# In the cluster


def test_what_measures_and_gathers_in_the_cluster_comes_along() -> None:
    graph = graph_of(watched(metrics={"retention": "20d"}))
    assert properties(graph, "components.prometheus")["values"]["prometheus"]["prometheusSpec"]["retention"] == "20d"
    assert "components.fluent-bit" in graph.resources
    assert not [one.address for one in graph if one.address.is_within("components.dcgm-exporter")]


def test_managed_prometheus_is_written_to_from_the_cluster() -> None:
    spec = properties(graph_of(watched(metrics={"kind": "amp"})), "components.prometheus")["values"]["prometheus"]
    endpoint = Ref(Address("monitoring.metrics"), ("prometheusEndpoint",))
    assert spec["prometheusSpec"]["remoteWrite"] == [
        {"url": Concat((endpoint, "api/v1/remote_write")), "sigv4": {"region": "us-east-1"}}
    ]
    assert spec["serviceAccount"] == {"name": "prometheus"}


def test_rules_of_the_cluster_alarm_the_same_people_as_all_others() -> None:
    graph = graph_of(watched(alerts={"receivers": RECEIVERS, "rules": RULES}))
    (rules,) = properties(graph, "monitoring.alerts.rules")["spec"]["groups"]
    assert {one["alert"] for one in rules["rules"]} == {*RULES} - {"spot-interruption"}
    (receiver,) = properties(graph, "monitoring.alerts.routing")["spec"]["receivers"]
    topic = Ref(Address("monitoring.alerts.topic"), ("arn",))
    assert [one["topicARN"] for one in receiver["snsConfigs"]] == [topic, RECEIVERS["others"]["sns"]]
    (publish,) = properties(graph, "monitoring.alerts.publisher.role.policy")["policy"].content["Statement"]
    assert (publish["Action"], publish["Resource"]) == (["sns:Publish"], [topic, RECEIVERS["others"]["sns"]])


def test_dashboards_are_config_maps_that_grafana_finds() -> None:
    graph = graph_of(watched())
    boards = [one.properties for one in graph if one.address.is_within("monitoring.dashboards")]
    assert len(boards) == 5
    for board in boards:
        assert board["metadata"]["labels"] == {"grafana_dashboard": "1"}
        (content,) = board["data"].values()
        assert all(panel["targets"][0]["expr"] for panel in content.content["panels"])


def test_nobody_sees_grafana_without_signing_in_and_its_password_is_written_nowhere() -> None:
    graph = graph_of(watched())
    grafana = properties(graph, "components.prometheus")["values"]["grafana"]
    assert grafana["grafana.ini"]["auth.anonymous"] == {"enabled": False}
    secret = properties(graph, "components.prometheus.grafana.secret")["stringData"]
    assert secret == {"admin-password": Secret("sm", "demo/components.prometheus/grafana/admin")}
    assert "secretString" not in properties(graph, "components.prometheus.grafana.admin.value")


_LOKI = watched(logs={"kind": "loki", "retention": "36h"})


def test_logs_go_to_loki_instead_of_log_groups() -> None:
    graph = graph_of(_LOKI)
    assert not [
        one for one in of_type(graph, "aws:cloudwatch/logGroup:LogGroup") if one.address.section == "monitoring"
    ]
    config = properties(graph, "components.fluent-bit")["values"]["config"]["outputs"]
    assert config.count("Name loki") == config.count("Host loki.loki.svc.cluster.local") == 3
    assert "cloudwatch" not in config
    assert Address("components.loki") in graph.resources[Address("components.fluent-bit")].dependencies()


def test_loki_keeps_them_in_a_bucket_of_its_own_for_as_long_as_the_stack_says() -> None:
    graph = graph_of(_LOKI)
    settings = properties(graph, "components.loki")["values"]["loki"]
    assert settings["limits_config"]["retention_period"] == "36h"
    assert settings["compactor"]["retention_enabled"] is True
    assert settings["storage"]["bucketNames"]["chunks"] == Ref(Address("components.loki.logs"), ("bucket",))
    policy = properties(graph, "components.loki.role.policy")["policy"].content["Statement"]
    written = next(one["Resource"] for one in policy if "s3:PutObject" in one["Action"])
    assert written == [Concat((Ref(Address("components.loki.logs"), ("arn",)), "/*"))]
    (rule,) = properties(graph, "components.loki.logs.lifecycle")["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 7}


@pytest.mark.parametrize(("environment", "replicas"), [("production", 3), ("development", 1), ("ephemeral", 1)])
def test_in_production_a_line_is_kept_more_than_once_before_it_is_in_the_bucket(
    environment: str, replicas: int
) -> None:
    values = properties(graph_of(_LOKI, environment=environment), "components.loki")["values"]
    assert values["singleBinary"]["replicas"] == values["loki"]["commonConfig"]["replication_factor"] == replicas
    # The chart refuses to render where others stand beside it, of which it has three by default.
    assert [values[other]["replicas"] for other in ("backend", "read", "write")] == [0, 0, 0]


def test_grafana_asks_loki_and_nobody_gets_at_it_from_outside() -> None:
    graph = graph_of(_LOKI)
    source = properties(graph, "monitoring.dashboards.logs-source")
    assert source["metadata"]["labels"] == {"grafana_datasource": "1"}
    (asked,) = source["data"]["logs.yaml"].content["datasources"]
    assert (asked["type"], asked["url"]) == ("loki", "http://loki.loki.svc.cluster.local:3100")
    assert properties(graph, "components.loki")["values"]["gateway"] == {"enabled": False}


def test_loki_keeps_no_logs_for_less_than_a_day() -> None:
    assert codes(refusals(watched(logs={"kind": "loki", "retention": "6h"}))) == [
        ("MLI2602", "monitoring.logs.retention")
    ]


def _behind(**doors: Any) -> Graph:
    return graph_of({**watched(), "loadBalancers": doors})


def test_the_pods_of_every_gateway_are_measured_where_they_are() -> None:
    graph = _behind(inner={"gateway": "nginx"}, outer={}, web={"type": "application", "gateway": "alb"})
    monitors = {
        str(one.address): one.properties["spec"]
        for one in of_type(graph, "kubernetes:monitoring.coreos.com/v1:PodMonitor")
    }
    assert set(monitors) == {"monitoring.gateways.inner", "monitoring.gateways.outer"}
    inner, outer = monitors["monitoring.gateways.inner"], monitors["monitoring.gateways.outer"]
    assert inner["namespaceSelector"] == {"matchNames": ["gateway-inner"]}
    assert [one["port"] for one in (*inner["podMetricsEndpoints"], *outer["podMetricsEndpoints"])] == [
        "metrics",
        "http-envoy-prom",
    ]
    for name, monitor in (("inner", inner), ("outer", outer)):
        service = properties(graph, f"loadBalancers.{name}.gateway.service")["spec"]
        assert monitor["selector"]["matchLabels"] == service["selector"]


@pytest.mark.parametrize(
    ("doors", "panels"), [({"a": {}}, 3), ({"a": {}, "b": {"gateway": "nginx"}, "c": {}}, 6), ({}, 0)]
)
def test_gateways_have_a_dashboard_with_the_curves_of_their_kinds(doors: Any, panels: int) -> None:
    graph = _behind(**doors)
    board = graph.resources.get(Address("monitoring.dashboards.gateways"))
    shown = board.properties["data"]["gateways.json"].content["panels"] if board is not None else []
    assert len(shown) == panels


def test_what_watches_nodes_is_on_those_that_are_full_or_tainted_too() -> None:
    graph = graph_of(watched())
    exporter = properties(graph, "components.prometheus")["values"]["prometheus-node-exporter"]
    for values in (exporter, properties(graph, "components.fluent-bit")["values"]):
        assert values["priorityClassName"] == "system-node-critical"
        assert values["tolerations"] == [{"operator": "Exists"}]
