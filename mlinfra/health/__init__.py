"""How a stack is: judges over facts that the session has read. Pure: nothing here asks a cloud or a cluster."""
