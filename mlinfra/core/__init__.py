"""The nouns and contracts that every layer shares.

Everyone imports from here; nothing here imports from anyone, performs I/O, or uses more than the standard library
and msgspec. Nouns are frozen structs, ports are protocols.
"""
