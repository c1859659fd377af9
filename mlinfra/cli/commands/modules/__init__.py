"""Look at the modules that turn sections of the stack file into resources."""

PLACE = ("Help", 90)
EXAMPLES = (
    "mlinfra modules list",
    "mlinfra modules show node-group          # its inputs and outputs",
)
