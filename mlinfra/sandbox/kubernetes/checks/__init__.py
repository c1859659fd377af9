"""What the API server demands of built-in kinds beyond their schema: one file for each concern.

`by_definition` looks at parts of objects wherever they stand (every container, every probe), `by_resource` at whole
objects, and `immutable` at what an update may not change. The published schemas carry no enumerations and no bounds
for built-in kinds, so these are here. Rules and sentences follow kubernetes/kubernetes, pkg/apis/*/validation (read
November 2026), 1.33. Called by `validation` and `rules`. Pure.
"""
