"""The declarations: one file for each service, or part of one, each exporting `TYPES`, and what they share."""
