"""The engine: refresh, diff, planner, walk, recovery.

It knows types as data and clouds through ports, and nothing of any one of them. The session calls it.
"""
