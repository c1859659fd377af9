"""Look at the charts that a stack uses, and fetch them for places without a network."""

PLACE = ("Looking", 31)
EXAMPLES = (
    "mlinfra charts list stack.yaml",
    "mlinfra charts pull stack.yaml           # into .mlinfra/charts, to be carried along",
)
