"""Managed node groups.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html and its neighbours; how groups fail:
https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html (2026).
"""

from __future__ import annotations

import uuid
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.eks import catalogue, node_group_checks, references
from mlinfra.sandbox.aws.eks.clusters import access_entry
from mlinfra.sandbox.aws.eks.nodes import Machines
from mlinfra.sandbox.aws.eks.store import (
    Body,
    Cluster,
    Clusters,
    NodeGroup,
    in_use,
    invalid_parameter,
    invalid_request,
    replay,
)
from mlinfra.sandbox.aws.eks.updates import Errors, begin
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page

_BUSY = ("CREATING", "UPDATING", "DELETING")


class NodeGroupOperations(Extension):
    """CreateNodegroup, DescribeNodegroup, ListNodegroups, DeleteNodegroup and the two updates."""

    service = "eks"

    def __init__(self, account: Account, endpoints: ClusterEndpoints) -> None:
        super().__init__(account)
        self._machines = Machines(account, endpoints)

    def create_nodegroup(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to make a node group."""
        clusters = self.account.store(Clusters, call.region)
        name = call["nodegroupName"]
        existing = clusters.find(call["clusterName"]).node_groups.get(name)
        if replay(existing, call.params):
            assert existing is not None
            return {"nodegroup": existing.body}
        if existing is not None:
            message = f"NodeGroup already exists with name {name} and cluster name {call['clusterName']}"
            raise in_use(message, clusterName=call["clusterName"], nodegroupName=name)
        cluster = clusters.find(call["clusterName"])
        if cluster.status not in ("ACTIVE", "UPDATING"):
            raise invalid_request(f"Cluster '{cluster.name}' is not in ACTIVE status", clusterName=cluster.name)
        template = node_group_checks.check_creation(self.account, cluster, call)
        group = NodeGroup(body=self._body(call, cluster, template), asked=call.params)
        cluster.node_groups[name] = group
        created = dict(group.body)
        self.account.timeline.after(
            self.account.pace.node_group, lambda: self._activate(cluster, group, call.region, template)
        )
        return {"nodegroup": created}

    def describe_nodegroup(self, call: Call, proceed: Proceed) -> Answer:
        """One node group as it is; what became of its machines since is seen here."""
        clusters = self.account.store(Clusters, call.region)
        cluster, group = clusters.find_node_group(call["clusterName"], call["nodegroupName"])
        self._examine(cluster, group, call.region)
        return {"nodegroup": group.body}

    def list_nodegroups(self, call: Call, proceed: Proceed) -> Answer:
        """The names of the node groups of a cluster."""
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        found, token = page(sorted(cluster.node_groups), call.get("maxResults"), call.get("nextToken"))
        return {"nodegroups": found, "nextToken": token}

    def delete_nodegroup(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to delete a node group."""
        clusters = self.account.store(Clusters, call.region)
        cluster, group = clusters.find_node_group(call["clusterName"], call["nodegroupName"])
        if group.status in ("CREATING", "UPDATING"):
            message = (
                f"Nodegroup cannot be deleted as it is currently in {group.status} state, an update is in progress"
            )
            raise in_use(message, clusterName=cluster.name, nodegroupName=call["nodegroupName"])
        if group.status != "DELETING":
            group.body["status"] = "DELETING"
            self.account.timeline.after(self.account.pace.deletion, lambda: self._remove(cluster, group, call.region))
        return {"nodegroup": group.body}

    def update_nodegroup_config(self, call: Call, proceed: Proceed) -> Answer:
        """Change sizes, labels, taints or how nodes are updated."""
        cluster, group = self._find_idle(call)
        sizes = {**group.body["scalingConfig"], **_given(call.get("scalingConfig", {}))}
        node_group_checks.check_scaling(sizes)
        node_group_checks.check_update_config(call.get("updateConfig", {}))
        labels = call.get("labels", {})
        node_group_checks.check_labels(labels.get("addOrUpdateLabels") or {})
        changes = {
            "scalingConfig": sizes,
            "labels": _labels(group.body["labels"], labels),
            "taints": _taints(group.body["taints"], call.get("taints", {})),
            "updateConfig": _given(call.get("updateConfig", {})) or group.body["updateConfig"],
        }
        if repair := call.get("nodeRepairConfig"):
            changes["nodeRepairConfig"] = repair

        def finish() -> Errors:
            group.body |= changes
            group.body["modifiedAt"] = self.account.now()
            return self._verdict(group, self._machines.resize(cluster, group, call.region))

        part = ("nodegroup", group.body["nodegroupName"])
        update = begin(self.account, cluster, group, "ConfigUpdate", _config_params(call), finish, part=part)
        return {"update": update}

    def update_nodegroup_version(self, call: Call, proceed: Proceed) -> Answer:
        """Roll the nodes onto another version: of Kubernetes, of the image, of the launch template."""
        cluster, group = self._find_idle(call)
        body = group.body
        template: Any = None
        version = call.get("version") or (cluster.body["version"] if not call.get("launchTemplate") else None)
        node_group_checks.check_version(cluster, version)
        if asked := call.get("launchTemplate"):
            found, template = references.require_launch_template(self.account, call.region, asked)
            if not body.get("launchTemplate") or found.id != body["launchTemplate"]["id"]:
                raise invalid_parameter("You cannot change the launch template of a node group, only its version")
            node_group_checks.check_template(self.account, {"amiType": body["amiType"]}, template.data)
        elif body.get("launchTemplate"):
            _, template = references.require_launch_template(self.account, call.region, body["launchTemplate"])

        def finish() -> Errors:
            if version:
                body["version"] = version
                body["releaseVersion"] = call.get("releaseVersion") or catalogue.release_version(
                    version, body["amiType"]
                )
            if call.get("launchTemplate"):
                body["launchTemplate"] = {**body["launchTemplate"], "version": str(template.number)}
            body["modifiedAt"] = self.account.now()
            return self._verdict(group, self._machines.replace(cluster, group, call.region, template))

        params = {"Version": version or body["version"], "ReleaseVersion": call.get("releaseVersion") or ""}
        if template is not None and call.get("launchTemplate"):
            params["LaunchTemplateVersion"] = str(template.number)
        part = ("nodegroup", body["nodegroupName"])
        return {"update": begin(self.account, cluster, group, "VersionUpdate", params, finish, part=part)}

    def _find_idle(self, call: Call) -> tuple[Cluster, NodeGroup]:
        clusters = self.account.store(Clusters, call.region)
        cluster, group = clusters.find_node_group(call["clusterName"], call["nodegroupName"])
        if group.status in _BUSY:
            message = f"Nodegroup cannot be updated as it is currently not in Active State but {group.status}"
            raise in_use(message, clusterName=cluster.name, nodegroupName=call["nodegroupName"])
        return cluster, group

    def _body(self, call: Call, cluster: Cluster, template: Any) -> Body:
        now, name = self.account.now(), call["nodegroupName"]
        version = call.get("version") or cluster.body["version"]
        from_template = template.data if template is not None else {}
        ami_type = call.get("amiType") or ("CUSTOM" if from_template.get("ImageId") else "AL2023_x86_64_STANDARD")
        types = call.get("instanceTypes") or [from_template.get("InstanceType") or "t3.medium"]
        sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 2, **_given(call.get("scalingConfig", {}))}
        arn = self.account.arn("eks", f"nodegroup/{cluster.name}/{name}/{uuid.uuid4()}", region=call.region)
        body: Body = {
            "nodegroupName": name,
            "nodegroupArn": arn,
            "clusterName": cluster.name,
            "version": version,
            "releaseVersion": call.get("releaseVersion") or catalogue.release_version(version, ami_type),
            "createdAt": now,
            "modifiedAt": now,
            "status": "CREATING",
            "capacityType": call.get("capacityType") or "ON_DEMAND",
            "scalingConfig": sizes,
            "instanceTypes": types,
            "subnets": call["subnets"],
            "amiType": ami_type,
            "nodeRole": call["nodeRole"],
            "labels": dict(call.get("labels", {})),
            "taints": list(call.get("taints", [])),
            "health": {"issues": []},
            "updateConfig": _given(call.get("updateConfig", {})) or {"maxUnavailable": 1},
            "tags": dict(call.get("tags", {})),
        }
        if template is not None:
            found = template.template
            body["launchTemplate"] = {"id": found.id, "name": found.name, "version": str(template.number)}
        else:
            body["diskSize"] = call.get("diskSize") or 20
        for name in ("remoteAccess", "nodeRepairConfig"):
            if call.get(name):
                body[name] = call.get(name)
        return body

    def _activate(self, cluster: Cluster, group: NodeGroup, region: str, template: Any) -> None:
        body = group.body
        try:
            self._machines.launch(cluster, group, region, template)
        except Exception as error:  # noqa: BLE001  whatever moto refuses is what the group failed of
            issue = {"code": "InternalFailure", "message": str(error), "resourceIds": []}
            body["status"], body["health"] = "CREATE_FAILED", {"issues": [issue]}
            return
        failures = self._machines.failures(group, region)
        issues = [_issue(failure, group) for failure in failures]
        if (
            node_group_checks.lacks_worker_policy(self.account, body["nodeRole"])
            and body["scalingConfig"]["desiredSize"]
        ):
            instances = [state.instance.id for state in self._machines.group_of(group, region).instance_states]
            message = "Instances failed to join the kubernetes cluster"
            issues.append({"code": "NodeCreationFailure", "message": message, "resourceIds": instances})
        body["health"] = {"issues": issues}
        body["status"] = "CREATE_FAILED" if issues else "ACTIVE"
        admits = cluster.body["accessConfig"]["authenticationMode"] != "CONFIG_MAP"
        if admits and body["nodeRole"] not in cluster.access_entries:
            # https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html: EKS makes the nodes' entry itself.
            access_entry(self.account, cluster, region, body["nodeRole"], {"type": "EC2_LINUX"})

    def _remove(self, cluster: Cluster, group: NodeGroup, region: str) -> None:
        if group.group:
            self._machines.remove(cluster, group, region)
        cluster.node_groups.pop(group.body["nodegroupName"], None)
        if not any(other.body["nodeRole"] == group.body["nodeRole"] for other in cluster.node_groups.values()):
            cluster.access_entries.pop(group.body["nodeRole"], None)
        self._machines.announce(cluster, region)

    def _verdict(self, group: NodeGroup, failures: list[AwsError]) -> Errors:
        """What a change came to: a group whose machines cannot be had is DEGRADED, and its update failed."""
        group.body["health"] = {"issues": [_issue(failure, group) for failure in failures]}
        if failures:
            group.body["status"] = "DEGRADED"
        return [{"errorCode": "NodeCreationFailure", "errorMessage": f.message, "resourceIds": []} for f in failures]

    def _examine(self, cluster: Cluster, group: NodeGroup, region: str) -> None:
        """An active group whose scaling group or launch template is gone becomes degraded; lost nodes are replaced."""
        if group.status not in ("ACTIVE", "DEGRADED") or not group.group:
            return
        found = self._machines.group_of(group, region)
        before = len(found.instance_states) if found else 0
        if found is not None:
            found.reconcile()
        if found is not None and len(found.instance_states) != before:
            self._machines.announce(cluster, region)
        failures = self._machines.failures(group, region)
        group.body["health"] = {"issues": [_issue(failure, group) for failure in failures]}
        group.body["status"] = "DEGRADED" if failures else "ACTIVE"


def _issue(error: AwsError, group: NodeGroup) -> Body:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html."""
    if error.code == "AutoScalingGroupNotFound":
        return {"code": error.code, "message": error.message, "resourceIds": [group.group]}
    market = "Spot" if group.body["capacityType"] == "SPOT" else "On-Demand"
    message = f"Could not launch {market} Instances. {error.code} - {error.message} Launching EC2 instance failed."
    return {"code": "AsgInstanceLaunchFailures", "message": message, "resourceIds": [group.group]}


def _given(config: Body) -> Body:
    return {name: value for name, value in config.items() if value is not None}


def _labels(present: dict[str, str], change: Body) -> dict[str, str]:
    removed = change.get("removeLabels") or []
    kept = {key: value for key, value in present.items() if key not in removed}
    return {**kept, **(change.get("addOrUpdateLabels") or {})}


def _taints(present: list[Body], change: Body) -> list[Body]:
    gone = [*(change.get("removeTaints") or []), *(change.get("addOrUpdateTaints") or [])]
    keys = {(taint.get("key"), taint.get("effect")) for taint in gone}
    kept = [taint for taint in present if (taint.get("key"), taint.get("effect")) not in keys]
    return [*kept, *(change.get("addOrUpdateTaints") or [])]


def _config_params(call: Call) -> dict[str, Any]:
    labels, taints, sizes = call.get("labels", {}), call.get("taints", {}), call.get("scalingConfig", {})
    params = {
        "LabelsToAdd": labels.get("addOrUpdateLabels"),
        "LabelsToRemove": labels.get("removeLabels"),
        "TaintsToAdd": taints.get("addOrUpdateTaints"),
        "TaintsToRemove": taints.get("removeTaints"),
        "MinSize": sizes.get("minSize"),
        "MaxSize": sizes.get("maxSize"),
        "DesiredSize": sizes.get("desiredSize"),
        "MaxUnavailable": call.get("updateConfig", {}).get("maxUnavailable"),
        "MaxUnavailablePercentage": call.get("updateConfig", {}).get("maxUnavailablePercentage"),
    }
    return {name: value for name, value in params.items() if value is not None}
