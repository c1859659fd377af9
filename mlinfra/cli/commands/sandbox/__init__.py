"""Run the simulated cloud that needs no account.

It starts by itself for stacks whose platform is sandbox, and stays up between commands.
"""

PLACE = ("Help", 92)
EXAMPLES = (
    "mlinfra sandbox status",
    "mlinfra sandbox up --port 4566",
    "mlinfra sandbox down                     # its data end with it",
)
