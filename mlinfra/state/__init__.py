"""Where states are kept: backends, their lock, and the written form. docs/state.md describes all three."""
