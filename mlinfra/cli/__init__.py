"""The command line: the only layer that prints, asks or exits.

`main` runs one command in a `Shell`; each file below `commands/` is one command, `render/` turns nouns into text.
Nothing here decides what should be done: that is the session's.
"""
