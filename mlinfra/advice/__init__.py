"""Advice: what a stack costs, and whether there is room for it. It changes nothing."""
