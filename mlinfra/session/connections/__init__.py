"""What a session reaches: the cloud of its target, clusters and the ways into them, charts, secrets."""
