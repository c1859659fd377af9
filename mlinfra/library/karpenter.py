"""Karpenter: what node groups and the component of that name know of each other.

A node group becomes a pool of it where the stack chooses so; the pool needs what the component makes.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.library.addon import component
from mlinfra.library.scope import Handle

NAME = "karpenter"
CONTROLLER = component(NAME)

# What its machines are: one role for all of them, which the controller may hand to machines, and no other.
NODE_ROLE = Handle(Address(f"{CONTROLLER}.node-role"))
INSTANCE_PROFILE = Handle(Address(f"{CONTROLLER}.instance-profile"))

NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
