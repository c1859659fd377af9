"""Machine groups: what a stack says of machines that come and go, in one shape for cost and capacity.

EKS managed groups, scaling groups with a mixed policy, node pools of Karpenter. Properties that are not known before
apply leave gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from mlinfra.advice.reading import items, number, part, text
from mlinfra.advice.things import Thing, Things
from mlinfra.advice.tokens import MANAGED, NODE_CLASS, NODE_POOL, SCALING, SUBNET, TEMPLATE
from mlinfra.core.address import Address
from mlinfra.core.source import Source
from mlinfra.core.value import Properties, Value, is_known

# What EKS launches where nothing is said (CreateNodegroup, EKS API reference, November 2026).
_DEFAULT_TYPE = "t3.medium"
LINUX = "Linux/UNIX"  # the platform of capacity reservations for the images that nodes have


def either(names: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


class Buying(StrEnum):
    """How machines are bought."""

    ON_DEMAND = "on demand"
    SPOT = "spot"
    MIXED = "mixed"
    RESERVED = "reserved"


class Disk(msgspec.Struct, frozen=True):
    """One volume of each machine; `None` where that is not said."""

    kind: str | None
    gib: int | None
    iops: int = 0
    throughput: int = 0


_UNSAID = Disk(None, None)


class MachineGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group.

    types: in order of preference.
    expected: how many machines there are, or at first will be, within the bounds.
    base, percent: of a mixed group, how many are bought on demand first, and of the others how many in a hundred.
    most_paid: for a spot machine, US dollars an hour; `None`: up to the on-demand price.
    reservation: the id of a capacity reservation; empty where it is not known yet.
    subnets: as the property says, references included; none where they are not known.
    cluster, name: what EKS calls them, where it is known.
    former: so too of the group that this one replaces, and that goes only when this one is there.
    either: bought on demand where no spot machine is to be had, whatever the share.
    public_addresses: how many each machine gets.
    updating: how EKS is to exchange its machines, as the property says.
    there: it exists already, so that `expected` is what there is, as it was last seen.
    open: its machines run in open capacity reservations that match them.
    """

    address: Address
    types: tuple[str, ...]
    minimum: int
    expected: int
    maximum: int
    buying: Buying
    disks: tuple[Disk, ...] = ()
    base: int = 0
    percent: int = 100
    most_paid: Decimal | None = None
    reservation: str = ""
    subnets: tuple[Value, ...] = ()
    cluster: str = ""
    name: str = ""
    former: tuple[str, str] = ("", "")
    either: bool = False
    public_addresses: int = 0
    updating: Properties = {}
    open: bool = False
    there: bool = False
    source: Source | None = None


def machine_groups(things: Things) -> Iterator[MachineGroup]:
    """Those whose bounds are known, by address."""
    for thing in sorted(things, key=lambda thing: thing.address):
        made = machine_group(thing, things)
        if made is not None:
            yield made


def machine_group(thing: Thing, things: Things) -> MachineGroup | None:
    """The group that a thing is; `None` where it is none, or nothing can be said of it before apply."""
    read = {MANAGED: _managed, SCALING: _scaling, NODE_POOL: _pool}.get(thing.type)
    return read(thing, things) if read is not None else None


def _managed(thing: Thing, things: Things) -> MachineGroup | None:
    own = thing.properties
    bounds, seen = part(own, "scalingConfig"), part(thing.seen, "scalingConfig")
    if not is_known([own.get("scalingConfig"), own.get("instanceTypes")]):
        return None
    fewest, most = number(bounds, "minSize", 1), number(bounds, "maxSize", 1)
    template = _template(part(own, "launchTemplate"), things)
    target = part(template, "capacityReservationSpecification", "capacityReservationTarget")
    spot = own.get("capacityType") == "SPOT"
    wanted = number(seen, "desiredSize", number(bounds, "desiredSize", fewest))
    return MachineGroup(
        address=thing.address,
        types=tuple(items(own, "instanceTypes")) or (text(template, "instanceType", _DEFAULT_TYPE),),
        minimum=fewest,
        expected=min(max(wanted, fewest), most),
        maximum=most,
        buying=Buying.RESERVED if target else Buying.SPOT if spot else Buying.ON_DEMAND,
        disks=_disks(template, own),
        reservation=text(target, "capacityReservationId"),
        subnets=tuple(items(own, "subnetIds")),
        cluster=text(thing.seen, "clusterName"),
        name=text(thing.seen, "nodeGroupName"),
        former=(text(thing.former, "clusterName"), text(thing.former, "nodeGroupName")),
        public_addresses=_public_addresses(template, items(own, "subnetIds"), things),
        updating=part(own, "updateConfig"),
        there=bool(thing.id),
        open=_is_open(template) and not text(own, "amiType").startswith("WINDOWS"),
        source=thing.source,
    )


def _scaling(thing: Thing, things: Things) -> MachineGroup | None:
    own = thing.properties
    how = part(own, "mixedInstancesPolicy", "instancesDistribution")
    launch = part(own, "mixedInstancesPolicy", "launchTemplate")
    single = part(own, "launchTemplate")
    template = _template(part(launch, "launchTemplateSpecification") or single, things)
    types = [text(one, "instanceType") for one in items(launch, "overrides")] or [text(template, "instanceType")]
    if not all(types) or not is_known([own.get("minSize"), own.get("maxSize"), how]):
        return None
    fewest, most = number(own, "minSize"), number(own, "maxSize")
    wanted = number(thing.seen, "desiredCapacity", number(own, "desiredCapacity", fewest))
    return MachineGroup(
        address=thing.address,
        types=tuple(types),
        minimum=fewest,
        expected=min(max(wanted, fewest), most),
        maximum=most,
        buying=Buying.MIXED if how else Buying.ON_DEMAND,
        disks=_disks(template, own),
        base=number(how, "onDemandBaseCapacity"),
        percent=number(how, "onDemandPercentageAboveBaseCapacity", 100),
        most_paid=Decimal(str(how["spotMaxPrice"])) if how.get("spotMaxPrice") else None,
        subnets=tuple(items(own, "vpcZoneIdentifiers")),
        name=text(thing.seen, "name"),
        former=("", text(thing.former, "name")),
        public_addresses=_public_addresses(template, items(own, "vpcZoneIdentifiers"), things),
        there=bool(thing.id),
        open=_is_open(template),
        source=thing.source,
    )


def _pool(thing: Thing, things: Things) -> MachineGroup | None:
    """A pool that names its types and its bound; it begins without a machine, and may come back to that."""
    spec = part(thing.properties, "spec")
    template = part(spec, "template", "spec")
    demands = [one for one in map(part, items(template, "requirements")) if text(one, "operator", "In") == "In"]
    asked = {text(one, "key"): items(one, "values") for one in demands}
    types, markets = asked.get("node.kubernetes.io/instance-type", []), asked.get("karpenter.sh/capacity-type", [])
    most = text(part(spec, "limits"), "nodes")
    if not types or not most.isdigit():
        return None
    made_as = part(_class_of(text(part(template, "nodeClassRef"), "name"), things), "spec")
    spot = Buying.MIXED if "on-demand" in markets else Buying.SPOT
    disks = tuple(_pool_disk(part(one, "ebs")) for one in map(part, items(made_as, "blockDeviceMappings")))
    return MachineGroup(
        address=thing.address,
        types=tuple(map(str, types)),
        minimum=0,
        expected=0,
        maximum=int(most),
        buying=spot if "spot" in markets else Buying.ON_DEMAND,
        disks=disks or (_UNSAID,),
        percent=0 if "spot" in markets else 100,
        either=spot is Buying.MIXED and "spot" in markets,
        subnets=tuple(one["id"] for one in map(part, items(made_as, "subnetSelectorTerms")) if "id" in one),
        public_addresses=int(made_as.get("associatePublicIPAddress") is True),
        there=bool(thing.id),
        source=thing.source,
    )


def _class_of(name: str, things: Things) -> Properties:
    """What a pool's machines are like; empty where the stack does not say it."""
    found = (one.properties for one in things if one.type == NODE_CLASS)
    return next((own for own in found if text(part(own, "metadata"), "name") == name), {})


def _pool_disk(volume: Properties) -> Disk:
    size = text(volume, "volumeSize")
    gib = int(size[:-2]) * {"Gi": 1, "Ti": 1024}[size[-2:]] if size[-2:] in ("Gi", "Ti") else None
    return Disk(text(volume, "volumeType") or None, gib, number(volume, "iops"), number(volume, "throughput"))


def _template(launch: Properties, things: Things) -> Properties:
    """What a group launches from; empty where the stack does not make it."""
    found = things.referred(TEMPLATE, launch.get("id", launch.get("launchTemplateId")))
    return found.properties if found is not None else {}


def _is_open(template: Properties) -> bool:
    """Whether machines of a template take what is set aside for any: as they do where it says nothing else."""
    held = part(template, "capacityReservationSpecification")
    aloof = held.get("capacityReservationTarget") or held.get("capacityReservationPreference", "open") != "open"
    return not aloof and text(part(template, "placement"), "tenancy", "default") == "default"


def _disks(template: Properties, own: Properties) -> tuple[Disk, ...]:
    """The volumes of a template; where it names none, the one that EKS gives, of which it is not said what kind."""
    volumes = [volume for one in items(template, "blockDeviceMappings") if (volume := part(one, "ebs"))]
    made = tuple(
        Disk(
            kind=text(volume, "volumeType") or None,
            gib=number(volume, "volumeSize") or None,
            iops=number(volume, "iops"),
            throughput=number(volume, "throughput"),
        )
        for volume in volumes
    )
    return made or (Disk(None, number(own, "diskSize") or None),)


def _public_addresses(template: Properties, subnets: list[Value], things: Things) -> int:
    """How many each machine gets: as its template says, or else its subnets do."""
    interfaces = [part(one) for one in items(template, "networkInterfaces")]
    said = [one["associatePublicIpAddress"] for one in interfaces if "associatePublicIpAddress" in one]
    if said:
        return sum(one in ("true", True) for one in said)
    found = (things.referred(SUBNET, one) for one in subnets)
    return int(any(one is not None and one.properties.get("mapPublicIpOnLaunch") is True for one in found))
