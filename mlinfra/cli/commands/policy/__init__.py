"""Look at the rules that plans are held to, and hold a stack to them."""

PLACE = ("Looking", 30)
EXAMPLES = (
    "mlinfra policy list",
    "mlinfra policy check stack.yaml",
    "mlinfra policy explain MLP-NET-010       # what it wants, why, and by example",
)
