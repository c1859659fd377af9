"""What reviewers are given without an account: comparisons of revisions, rules, costs, comments."""
