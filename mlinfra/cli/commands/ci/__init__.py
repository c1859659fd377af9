"""What jobs of GitHub Actions and GitLab CI need beside the other commands."""

PLACE = ("Others", 90)
EXAMPLES = ("mlinfra plan stack.yaml -o markdown | mlinfra ci comment",)
