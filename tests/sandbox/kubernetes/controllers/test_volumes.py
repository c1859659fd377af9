"""Claims, volumes and the disks behind them."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers.catalog import CLAIM, NODE, POD, STATEFUL_SET, VOLUME
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.programs import EBS_DRIVER, EFS_DRIVER, FSX_DRIVER
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import World, meta, pod, workload


def world_of(zones: tuple[str, ...] = ("eu-west-1a",), *, driver: bool = True, **storage: object) -> World:
    world = World(Options(standing=frozenset({EBS_DRIVER}) if driver else frozenset()))
    world.group("system", len(zones) * 2, zones=zones)
    body = {"provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer", **storage}
    world.create({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "gp3"}, **body})
    world.settle()
    return world


def claim(name: str, size: str = "20Gi", **spec: object) -> Object:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name), "spec": body}


def using(name: str, claim_name: str, **spec: object) -> Object:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}
    made = pod(name, volumes=[volume])
    return {**made, "spec": {**made["spec"], **spec}}


def phase(world: World, name: str) -> str:
    return str(world.get(CLAIM, name)["status"]["phase"])


def test_a_waiting_claim_gets_a_disk_in_the_zone_of_its_first_pod() -> None:
    world = world_of(("eu-west-1a", "eu-west-1b"))
    world.create(claim("models", storageClassName="gp3"))
    world.settle()
    assert (phase(world, "models"), world.cloud.disks) == ("Pending", {})
    assert world.said("models") == ["waiting for first consumer to be created before binding"]
    world.create(using("web", "models", nodeSelector={"topology.kubernetes.io/zone": "eu-west-1b"}))
    world.settle()
    assert (phase(world, "models"), world.phases()) == ("Bound", {"web": "Running"})
    (identity, disk), *others = world.cloud.disks.items()
    assert (others, disk.zone, disk.size, disk.type) == ([], "eu-west-1b", 20, "gp3")
    assert disk.tags["kubernetes.io/created-for/pvc/name"] == "models"
    assert disk.tags["kubernetes.io/cluster/ml"] == "owned"
    volume = world.get(VOLUME, world.get(CLAIM, "models")["spec"]["volumeName"], None)
    assert volume["spec"]["csi"]["volumeHandle"] == identity
    assert volume["status"]["phase"] == "Bound"


def test_a_pod_follows_its_volume_back_to_its_zone() -> None:
    world = world_of(("eu-west-1a", "eu-west-1b"))
    world.create(claim("models", storageClassName="gp3"))
    world.create(using("first", "models", nodeSelector={"topology.kubernetes.io/zone": "eu-west-1b"}))
    world.settle()
    world.store.delete(POD, "first", "default")
    world.settle()
    for name in world.nodes():
        if world.get(NODE, name, None)["metadata"]["labels"]["topology.kubernetes.io/zone"] == "eu-west-1b":
            world.store.merge(NODE, name, None, {"spec": {"unschedulable": True}})
    world.create(using("second", "models"))
    world.settle()
    said = world.said("second", "FailedScheduling")[-1]
    reasons = "2 node(s) didn't match PersistentVolume's node affinity, 2 node(s) were unschedulable."
    assert said.startswith(f"0/4 nodes are available: {reasons}")


def test_a_claim_in_use_is_protected_and_its_disk_goes_with_it() -> None:
    world = world_of()
    world.create(claim("models", storageClassName="gp3"))
    world.create(using("web", "models"))
    world.settle()
    world.store.delete(CLAIM, "models", "default")
    world.settle()
    assert world.get(CLAIM, "models")["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    world.store.delete(POD, "web", "default")
    world.settle()
    assert world.store.find(CLAIM, "models", "default") is None
    assert (world.store.list(VOLUME), world.cloud.disks) == ([], {})


def test_a_retained_volume_stays_when_its_claim_goes() -> None:
    world = world_of(reclaimPolicy="Retain", volumeBindingMode="Immediate")
    world.create(claim("models", storageClassName="gp3"))
    world.settle()
    assert phase(world, "models") == "Bound"
    world.store.delete(CLAIM, "models", "default")
    world.settle()
    assert [item["status"]["phase"] for item in world.store.list(VOLUME)] == ["Released"]
    assert len(world.cloud.disks) == 1


def test_without_the_driver_a_claim_waits_and_a_volume_is_left_behind() -> None:
    world = world_of(driver=False, volumeBindingMode="Immediate")
    world.create(claim("models", storageClassName="gp3"))
    world.settle()
    assert (phase(world, "models"), world.cloud.disks) == ("Pending", {})
    assert "external provisioner 'ebs.csi.aws.com'" in world.said("models", "ExternalProvisioning")[0]
    driver = workload("Deployment", "ebs-csi-controller", replicas=1, namespace="kube-system")
    world.create(driver)
    world.settle()
    assert phase(world, "models") == "Bound"


def test_a_claim_without_a_class_takes_the_default_one() -> None:
    world = world_of(
        volumeBindingMode="Immediate",
        metadata={"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    )
    world.create(claim("models"))
    world.create(claim("none", storageClassName=""))
    world.settle()
    assert (phase(world, "models"), phase(world, "none")) == ("Bound", "Pending")
    assert "no storage class is set" in world.said("none", "FailedBinding")[0]


def test_a_claim_takes_the_smallest_volume_that_fits() -> None:
    world = world_of()
    for name, size in (("small", "5Gi"), ("right", "25Gi"), ("large", "100Gi")):
        spec = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": "efs.csi.aws.com", "volumeHandle": name},
        }
        world.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
    world.settle()
    assert world.get(VOLUME, "small", None)["status"]["phase"] == "Available"
    world.create(claim("models", storageClassName=""))
    world.settle()
    assert world.get(CLAIM, "models")["spec"]["volumeName"] == "right"


def test_a_stateful_set_keeps_its_claims() -> None:
    world = world_of()
    template = {"metadata": {"name": "data"}, "spec": claim("x", storageClassName="gp3")["spec"]}
    world.create(workload("StatefulSet", "db", replicas=2, serviceName="db", volumeClaimTemplates=[template]))
    world.settle()
    assert [item["metadata"]["name"] for item in world.store.list(CLAIM)] == ["data-db-0", "data-db-1"]
    assert len(world.cloud.disks) == 2
    world.store.delete(STATEFUL_SET, "db", "default")
    world.settle()
    assert (world.pods(), len(world.store.list(CLAIM)), len(world.cloud.disks)) == ([], 2, 2)


def test_a_missing_class_is_named() -> None:
    world = world_of()
    world.create(claim("models", storageClassName="fast"))
    world.settle()
    assert world.said("models", "ProvisioningFailed") == ['storageclass.storage.k8s.io "fast" not found']


def shared_world(driver: str, provisioner: str, **parameters: str) -> World:
    world = World(Options(standing=frozenset({driver})))
    world.group("system", 1)
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "shared"}}
    world.create({**head, "provisioner": provisioner, "parameters": parameters})
    world.create(claim("data", "3000Gi", storageClassName="shared", accessModes=["ReadWriteMany"]))
    world.create(using("one", "data"))
    world.create(using("two", "data"))
    world.settle()
    return world


def test_a_claim_on_efs_is_an_access_point_that_goes_with_it() -> None:
    world = shared_world(
        EFS_DRIVER, "efs.csi.aws.com", provisioningMode="efs-ap", fileSystemId="fs-1", basePath="/home"
    )
    assert (phase(world, "data"), set(world.phases().values())) == ("Bound", {"Running"})
    ((identity, point),) = world.cloud.access_points.items()
    volume = world.get(VOLUME, point.token, None)
    assert volume["spec"]["csi"]["volumeHandle"] == f"fs-1::{identity}"
    assert (point.path, point.user, point.tags["kubernetes.io/cluster/ml"]) == (f"/home/{point.token}", 50_000, "owned")
    for name in ("one", "two"):
        world.store.delete(POD, name, "default")
    world.store.delete(CLAIM, "data", "default")
    world.settle()
    assert (world.cloud.access_points, world.store.list(VOLUME)) == ({}, [])


def test_a_claim_on_fsx_is_a_file_system_of_a_size_that_is_sold() -> None:
    world = shared_world(FSX_DRIVER, "fsx.csi.aws.com", subnetId="subnet-1", deploymentType="SCRATCH_2")
    assert (phase(world, "data"), set(world.phases().values())) == ("Bound", {"Running"})
    ((identity, system),) = world.cloud.file_systems.items()
    assert (system.size, system.settings) == (4800, {"DeploymentType": "SCRATCH_2"})
    csi = world.get(VOLUME, system.token, None)["spec"]["csi"]
    assert (csi["volumeHandle"], csi["volumeAttributes"]["mountname"]) == (identity, "fsx")
    for name in ("one", "two"):
        world.store.delete(POD, name, "default")
    world.store.delete(CLAIM, "data", "default")
    world.settle()
    assert (world.cloud.file_systems, world.store.list(VOLUME)) == ({}, [])
