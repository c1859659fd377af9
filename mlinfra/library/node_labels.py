"""Labels that node groups put on their nodes, and that others find nodes by."""

from __future__ import annotations

GROUP = "mlinfra/node-group"
GPU = "mlinfra/gpu"
EFA = "mlinfra/efa"  # "true" on nodes with Elastic Fabric Adapters
