"""The emulator of a Kubernetes API: one `KubernetesCluster` per simulated cluster.

Who calls it: the AWS half of the sandbox (one cluster behind each simulated EKS cluster), the tests, and anything that
speaks HTTP to its endpoint. Controllers (scheduler, Deployments, ...) live in `controllers` and see only `store.Store`.
It must not know of AWS: credentials, access entries and faults come in through ports.
"""
