"""Forges: pull requests on GitHub, merge requests on GitLab, and the one comment of ours on each.

The session calls it. It knows nothing of stacks or plans: it is handed a text. Standard library alone.
"""
