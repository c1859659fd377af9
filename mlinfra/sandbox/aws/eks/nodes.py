"""The machines of a node group: its launch template, scaling group and instances in the simulated account.

What EKS makes for a group, and how it tags it, is in https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
and https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html (2026).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import AwsError
from mlinfra.sandbox.aws.eks import catalogue
from mlinfra.sandbox.aws.eks.store import Body, Cluster, NodeGroup
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints, ClusterNode


class Machines:
    """Makes, scales and removes the machines of node groups, and tells the cluster's endpoint of its nodes."""

    def __init__(self, account: Account, endpoints: ClusterEndpoints) -> None:
        self._account = account
        self._endpoints = endpoints

    def launch(self, cluster: Cluster, group: NodeGroup, region: str, template: Any) -> None:
        """Make the launch template and the scaling group of a node group; the instances are launched with it."""
        body = group.body
        identity = body["nodegroupArn"].rpartition("/")[2]
        made = self._make_template(cluster, group, region, template, f"eks-{identity}")
        group.template = made.id
        group.group = f"eks-{body['nodegroupName']}-{identity}"
        sizes = body["scalingConfig"]
        self._account.backend("autoscaling", region).create_auto_scaling_group(
            name=group.group,
            availability_zones=[],
            desired_capacity=sizes["desiredSize"],
            max_size=sizes["maxSize"],
            min_size=sizes["minSize"],
            launch_config_name="",
            launch_template=None,
            vpc_zone_identifier=",".join(body["subnets"]),
            default_cooldown=300,
            health_check_period=15,
            health_check_type="EC2",
            load_balancers=[],
            target_group_arns=[],
            placement_group=None,
            termination_policies=["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"],
            tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": True}
                for key, value in _group_tags(cluster.name, body["nodegroupName"]).items()
            ],
            capacity_rebalance=body["capacityType"] == "SPOT",
            mixed_instances_policy=_policy(body, made.id),
        )
        body["resources"] = {"autoScalingGroups": [{"name": group.group}]}
        self.announce(cluster, region)

    def resize(self, cluster: Cluster, group: NodeGroup, region: str) -> list[AwsError]:
        """Bring the scaling group to the node group's sizes; answers why that failed."""
        sizes, found = group.body["scalingConfig"], self.group_of(group, region)
        if found is not None:
            found.min_size, found.max_size = sizes["minSize"], sizes["maxSize"]
            found.set_desired_capacity(sizes["desiredSize"])
        self.announce(cluster, region)
        return self.failures(group, region)

    def replace(self, cluster: Cluster, group: NodeGroup, region: str, template: Any) -> list[AwsError]:
        """Roll the nodes onto a new version of the launch template."""
        data = self._template_data(cluster, group, template)
        made = self._account.ec2(region).get_launch_template(group.template)
        made.create_version(data, "")
        made.default_version_number = made.latest_version_number
        found = self.group_of(group, region)
        if found is not None:
            ids = [state.instance.id for state in found.instance_states]
            if ids:
                self._account.ec2(region).terminate_instances(ids)
            found.reconcile()
        self.announce(cluster, region)
        return self.failures(group, region)

    def remove(self, cluster: Cluster, group: NodeGroup, region: str) -> None:
        """End the instances and remove the scaling group and the launch template."""
        ec2, scaling = self._account.ec2(region), self._account.backend("autoscaling", region)
        found = self.group_of(group, region)
        if found is not None:
            if ids := [state.instance.id for state in found.instance_states]:
                ec2.terminate_instances(ids)
            found.instance_states = []
            scaling.autoscaling_groups.pop(group.group, None)
        if group.template in ec2.launch_templates:
            ec2.delete_launch_template(None, group.template)
        self.announce(cluster, region)

    def group_of(self, group: NodeGroup, region: str) -> Any:
        """The scaling group of a node group; `None` where someone has deleted it."""
        return self._account.backend("autoscaling", region).autoscaling_groups.get(group.group)

    def failures(self, group: NodeGroup, region: str) -> list[AwsError]:
        """Why the scaling group has fewer instances than desired."""
        found = self.group_of(group, region)
        if found is None:
            return [AwsError("AutoScalingGroupNotFound", f"We couldn't find the Auto Scaling group {group.group}")]
        return [found.failure] if found.failure is not None else []

    def announce(self, cluster: Cluster, region: str) -> None:
        """Tell the cluster's endpoint of its nodes as they are now."""
        self._endpoints.nodes_changed(cluster.body["arn"], list(self._nodes(cluster, region)))

    def _nodes(self, cluster: Cluster, region: str) -> Iterator[ClusterNode]:
        for group in cluster.node_groups.values():
            found = self.group_of(group, region) if group.group else None
            for state in found.instance_states if found else []:
                yield _node(state.instance, group.body, region)

    def _make_template(self, cluster: Cluster, group: NodeGroup, region: str, template: Any, name: str) -> Any:
        tags = {"eks:cluster-name": cluster.name, "eks:nodegroup-name": group.body["nodegroupName"]}
        data = self._template_data(cluster, group, template)
        return self._account.ec2(region).create_launch_template(name, "", data, {"launch-template": tags})

    def _template_data(self, cluster: Cluster, group: NodeGroup, template: Any) -> Body:
        """The user's template with what EKS adds: image, security group, tags."""
        data: Body = dict(template.data) if template is not None else {}
        given = list(data.get("SecurityGroupIds") or [])
        given += [key for interface in data.get("NetworkInterfaces") or [] for key in interface.get("Groups") or []]
        data["SecurityGroupIds"] = given or [cluster.security_group]
        data.setdefault("ImageId", self._image(group.body["amiType"]))
        if not data.get("InstanceType"):
            data["InstanceType"] = group.body["instanceTypes"][0]
        tags = {**_instance_tags(cluster.name, group.body["nodegroupName"])}
        for specification in data.get("TagSpecifications") or []:
            if specification.get("ResourceType") == "instance":
                tags |= {tag["Key"]: tag.get("Value", "") for tag in specification.get("Tags") or []}
        others = [s for s in data.get("TagSpecifications") or [] if s.get("ResourceType") != "instance"]
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        data["TagSpecifications"] = [*others, {"ResourceType": "instance", "Tags": listed}]
        return data

    def _image(self, ami_type: str) -> str:
        wanted = catalogue.architecture_of(ami_type)
        images = self._account.ec2(self._account.region).amis.values()
        return str(next((image.id for image in images if image.architecture == wanted), "ami-0eks00000000000000"))


def _policy(body: Body, template: str) -> Body:
    """The mixed-instances policy by which EKS has a group take several types, on demand or as spot instances."""
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Default"},
            "Overrides": [{"InstanceType": name} for name in body["instanceTypes"]],
        },
        "InstancesDistribution": {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 0 if body["capacityType"] == "SPOT" else 100,
            "SpotAllocationStrategy": "price-capacity-optimized",
        },
    }


def _group_tags(cluster: str, group: str) -> dict[str, str]:
    return {
        "eks:cluster-name": cluster,
        "eks:nodegroup-name": group,
        f"k8s.io/cluster-autoscaler/{cluster}": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"kubernetes.io/cluster/{cluster}": "owned",
    }


def _instance_tags(cluster: str, group: str) -> dict[str, str]:
    return {"aws:eks:cluster-name": cluster, "eks:cluster-name": cluster, "eks:nodegroup-name": group}


def _node(instance: Any, body: Body, region: str) -> ClusterNode:
    return ClusterNode(
        instance_id=instance.id,
        private_dns_name=f"ip-{str(instance.private_ip).replace('.', '-')}.ec2.internal"
        if region == "us-east-1"
        else f"ip-{str(instance.private_ip).replace('.', '-')}.{region}.compute.internal",
        instance_type=instance.instance_type,
        zone=instance.placement.zone,
        region=region,
        capacity_type="SPOT" if instance.lifecycle == "spot" else "ON_DEMAND",
        node_group=body["nodegroupName"],
        ami_type=body["amiType"],
        version=body["version"],
        labels=dict(body.get("labels") or {}),
        taints=tuple(dict(taint) for taint in body.get("taints") or []),
    )
