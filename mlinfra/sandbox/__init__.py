"""The simulated cloud: AWS, Kubernetes and their faults, in this process or beside it, with no account."""
