"""Several minor versions ahead in one plan: one hop after the other, then what follows the control plane."""

from __future__ import annotations

from pathlib import Path

from .account import Account

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: old}
target: {platform: aws, region: us-east-1}
lifecycle: {environment: development}
network: {cidr: 10.40.0.0/16, zones: 2, nat: single}
cluster: {version: "1.31", logs: [api, audit, authenticator], secretsEncryption: false}
nodeGroups:
  system: {instances: [m6i.large], min: 1, max: 2}
  spot: {instances: [m6i.large, m6a.large], capacity: {type: mixed, onDemandBase: 1}, min: 1, max: 2}
"""
CHANGING = ("UpdateClusterVersion", "UpdateAddon", "UpdateNodegroupVersion", "CreateLaunchTemplateVersion")


def test_three_minors_are_one_plan_of_ordered_hops_and_nodes_and_addons_follow(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    Path("stack.yaml").write_text(STACK.replace("1.31", "1.34"))

    planned = account.do("plan", "stack.yaml", "-o", "json").json()
    changed = {one["address"] for one in planned["changes"] if one["action"] != "no-op"}
    assert changed == {
        "cluster",
        "cluster.addons.kube-proxy",
        "nodeGroups.system",
        "nodeGroups.spot.launch-template",
        "nodeGroups.spot.scaling-group",
    }
    (told,) = (one for one in planned["diagnostics"] if one["code"] == "MLI3086")
    assert "in 3 steps: 1.32, then 1.33, then 1.34" in told["summary"]
    assert "nodeGroups.system" in told["detail"]

    account.sandbox.calls.clear()
    account.do("apply", "stack.yaml", "--yes")
    made = [call.operation for call in account.sandbox.calls.records() if call.operation in CHANGING]
    assert made[:3] == ["UpdateClusterVersion"] * 3
    assert sorted(made[3:]) == ["CreateLaunchTemplateVersion", "UpdateAddon", "UpdateNodegroupVersion"]

    eks = account.client("eks")
    assert eks.describe_cluster(name="old")["cluster"]["version"] == "1.34"
    proxy = eks.describe_addon(clusterName="old", addonName="kube-proxy")["addon"]
    assert proxy["addonVersion"].startswith("v1.34.")
    (group,) = eks.list_nodegroups(clusterName="old")["nodegroups"]
    assert eks.describe_nodegroup(clusterName="old", nodegroupName=group)["nodegroup"]["version"] == "1.34"
    account.do("plan", "stack.yaml", "--detailed-exitcode")


def test_further_than_nodes_may_lie_behind_is_refused_with_the_way_to_go(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    Path("stack.yaml").write_text(STACK.replace("1.31", "1.35"))
    refused = account.run("apply", "stack.yaml", "--yes")
    assert refused.code == 1
    assert "MLI3087" in refused.out
    assert "set its version to 1.34 and apply, then go on" in refused.out
    assert account.client("eks").describe_cluster(name="old")["cluster"]["version"] == "1.31"
