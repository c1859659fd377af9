"""mlinfra provisions machine-learning clusters from one declarative stack file.

The package is a stack of layers: `cli` over `session` over the working parts over `documents` and `aws` over
`core`. docs/architecture.md draws them; import-linter holds them.
"""

__version__ = "0.1.0"
