"""The emulator of a Kubernetes API: one `cluster.KubernetesCluster` per simulated cluster.

Who calls it: the AWS half of the sandbox (one cluster behind each simulated EKS cluster), the tests, and anything that
speaks HTTP to its endpoint. Controllers (scheduler, Deployments, ...) live in `controllers` and see only `store.Store`.
It must not know of AWS: credentials, access entries and faults come in through ports.

How a request passes: `server` (sockets, TLS) -> `api` (faults, authentication, authorisation) -> `routes` (what the URL
means) -> `verbs`, `patching`, `watching`, `subresources`, `reviews`, `discovery`, `openapi` -> `store`. How a write
passes: `store` -> `metadata` (identity, versions, deletion) -> `rules` (`pruning`, `defaults`, `strategies`,
`validation`, then `ownership` over `apply` and `fields`) -> commit -> watches, then reactions (`garbage`, `namespaces`,
`crds`). Kinds are in `kinds` and `builtin_kinds`, their schemas in `schema`; bodies are read and written by `encoding`,
with `protobuf`, `yaml_body` and `tables`.

What it does not do: CEL rules, quotas and limit ranges, admission webhooks and conversion webhooks are stored, not
enforced or called; a page of a list shows the present, not the time of the first page.
"""
