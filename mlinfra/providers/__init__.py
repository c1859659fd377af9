"""Providers: one package for each kind of connection. They implement `core.provider` and never import each other."""
