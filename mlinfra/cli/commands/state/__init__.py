"""Look into what is remembered of a stack, and mend it."""

PLACE = ("Looking", 27)
EXAMPLES = (
    "mlinfra state list stack.yaml",
    "mlinfra state show stack.yaml network.vpc",
    "mlinfra state rebuild stack.yaml         # from what the cloud holds, after a loss",
)
