"""Stack files become stacks: `extends` merged, inputs filled in, references resolved, everything checked.

`mlinfra.session` is the only caller: `load_stack` reads, `publish_schema` tells editors what may be written,
`expand` shows every effective value with where it comes from. It knows no module and no provider: what sections and
types there are comes with a `Language`.
"""

from mlinfra.config.expanded import Expanded, expand
from mlinfra.config.loader import load_stack, unbuilt
from mlinfra.config.neighbours import Applied, StacksReader
from mlinfra.config.published import publish_schema

__all__ = ["Applied", "Expanded", "StacksReader", "expand", "load_stack", "publish_schema", "unbuilt"]
