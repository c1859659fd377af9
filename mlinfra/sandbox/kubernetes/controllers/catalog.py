"""The kinds that controllers read and write, by their full names. Called by every controller; holds nothing else."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
ENDPOINTS = GroupVersionKind("", "v1", "Endpoints")
EVENT = GroupVersionKind("", "v1", "Event")
NAMESPACE = GroupVersionKind("", "v1", "Namespace")
NODE = GroupVersionKind("", "v1", "Node")
POD = GroupVersionKind("", "v1", "Pod")
SERVICE = GroupVersionKind("", "v1", "Service")
SERVICE_ACCOUNT = GroupVersionKind("", "v1", "ServiceAccount")
VOLUME = GroupVersionKind("", "v1", "PersistentVolume")
CLAIM = GroupVersionKind("", "v1", "PersistentVolumeClaim")
SECRET = GroupVersionKind("", "v1", "Secret")

CONTROLLER_REVISION = GroupVersionKind("apps", "v1", "ControllerRevision")
DAEMON_SET = GroupVersionKind("apps", "v1", "DaemonSet")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
STATEFUL_SET = GroupVersionKind("apps", "v1", "StatefulSet")
JOB = GroupVersionKind("batch", "v1", "Job")
CRON_JOB = GroupVersionKind("batch", "v1", "CronJob")

AUTOSCALER = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")
BUDGET = GroupVersionKind("policy", "v1", "PodDisruptionBudget")
ENDPOINT_SLICE = GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice")
INGRESS = GroupVersionKind("networking.k8s.io", "v1", "Ingress")
INGRESS_CLASS = GroupVersionKind("networking.k8s.io", "v1", "IngressClass")
LEASE = GroupVersionKind("coordination.k8s.io", "v1", "Lease")
PRIORITY_CLASS = GroupVersionKind("scheduling.k8s.io", "v1", "PriorityClass")
STORAGE_CLASS = GroupVersionKind("storage.k8s.io", "v1", "StorageClass")
API_SERVICE = GroupVersionKind("apiregistration.k8s.io", "v1", "APIService")

TARGET_GROUP_BINDING = GroupVersionKind("elbv2.k8s.aws", "v1beta1", "TargetGroupBinding")

SCALED_OBJECT = GroupVersionKind("keda.sh", "v1alpha1", "ScaledObject")

NODE_POOL = GroupVersionKind("karpenter.sh", "v1", "NodePool")
NODE_CLAIM = GroupVersionKind("karpenter.sh", "v1", "NodeClaim")
NODE_CLASS = GroupVersionKind("karpenter.k8s.aws", "v1", "EC2NodeClass")
