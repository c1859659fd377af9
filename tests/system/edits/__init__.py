"""How each property of each type is edited with the SDK alone, and which cannot be: a file for each group of types."""
