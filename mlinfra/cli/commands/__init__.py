"""Provision machine-learning clusters from one stack file: plan, review, apply, destroy."""

EXAMPLES = (
    "mlinfra init                             # write a starter stack file",
    "mlinfra plan stack.yaml                  # see what would change",
    "mlinfra apply stack.yaml                 # make it so",
    "mlinfra destroy stack.yaml               # and take it down without a trace",
    "",
    "mlinfra COMMAND --help shows more of each.",
)
