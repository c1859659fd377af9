"""Parts of GPUs: what MIG divides each kind into, how the parts are called, and how many of them a GPU has.

A machine divides its GPUs before it joins (`modules/node_group/division.py`), and NVIDIA's device plugin announces the
parts: all as GPUs (`single`), or each by its size (`mixed`). A label of the node says into which, as NVIDIA's MIG
manager spells it: `all-PROFILE`. https://github.com/NVIDIA/mig-parted, deployments/, at bd7160f43f16 (August 2026);
which machines have which GPUs, EC2 says. Pure data.
"""

from __future__ import annotations

from collections.abc import Mapping

GPU = "nvidia.com/gpu"
DIVIDED = "nvidia.com/mig.config"  # the label that says how; where there is a MIG manager, it finds it so already
# By the name of the GPU and its memory in GB, as names of parts spell it.
_PARTS: Mapping[tuple[str, int], Mapping[str, int]] = {
    ("A100", 40): {"1g.5gb": 7, "2g.10gb": 3, "3g.20gb": 2, "4g.20gb": 1, "7g.40gb": 1},
    ("A100", 80): {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1},
    ("H100", 80): {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1},
    ("H200", 141): {"1g.18gb": 7, "1g.35gb": 4, "2g.35gb": 3, "3g.71gb": 2, "4g.71gb": 1, "7g.141gb": 1},
    ("B200", 180): {"1g.23gb": 7, "1g.45gb": 4, "2g.45gb": 3, "3g.90gb": 2, "4g.90gb": 1, "7g.180gb": 1},
}


def parts_of(gpu: str, memory_mib: int) -> Mapping[str, int]:
    """The parts that a GPU can be divided into alike, and how many it then has; none where MIG cannot divide it."""
    gib = memory_mib / 1024
    return next((parts for (name, size), parts in _PARTS.items() if name == gpu and abs(gib - size) < 2), {})


def division(profile: str) -> str:
    """What the label says of nodes all of whose GPUs are divided into such parts."""
    return f"all-{profile}"


def resource_of(strategy: str, profile: str) -> str:
    """What pods ask for: `nvidia.com/gpu`, or, where each part is announced by its size, `nvidia.com/mig-1g.5gb`."""
    return f"nvidia.com/mig-{profile}" if strategy == "mixed" and profile else GPU
