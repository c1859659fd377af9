"""Downloads: what the last words of a container that fetches a model say of why it could not.

For the judge of containers: first containers of model servers, KServe's `storage-initializer` and ours, `model`. Words:
those of botocore and the AWS command line (AWS CLI user guide, "Troubleshooting errors", read November 2026).
"""

from __future__ import annotations

from mlinfra.health.seen import Live, short

_FETCHING = frozenset({"storage-initializer", "model", "model-downloader"})
_DENIED = ("AccessDenied", "Access Denied", "(403)", "Forbidden", "AccessDeniedException")
_NOBODY = ("Unable to locate credentials", "NoCredentialsError", "Could not load credentials")
_EXPIRED = ("ExpiredToken", "expired")
_ABSENT = ("NoSuchBucket", "NoSuchKey", "(404)", "Not Found", "does not exist")
_UNREACHED = ("Could not connect to the endpoint", "EndpointConnectionError", "Connect timeout", "timed out")


def download_of(pod: Live, container: str, said: str) -> tuple[str, str] | None:
    """What is wrong and what to do, of a container that fetches a model; `None` for others, and for other words."""
    if container not in _FETCHING:
        return None
    account = (pod.get("spec") or {}).get("serviceAccountName") or "default"
    whose = f"service account {pod['metadata'].get('namespace')}/{account}"
    logs = f"kubectl logs -n {pod['metadata'].get('namespace')} {pod['metadata']['name']} -c {container} --previous"
    told = _told(whose, said)
    if told is None:
        return None
    why, remedy = told
    return f"its model cannot be fetched: {why} (container {container} says: {short(said, 160)})", f"{remedy}; {logs}"


def _told(whose: str, said: str) -> tuple[str, str] | None:
    if any(word in said for word in _NOBODY):
        return f"{whose} has no role", "give it one by pod identity, and see that the eks-pod-identity-agent runs"
    if any(word in said for word in _EXPIRED):
        return f"the credentials of {whose} have run out", "see that the eks-pod-identity-agent runs on its node"
    if any(word in said for word in _DENIED):
        return (
            f"{whose} may not read it",
            "its role needs s3:ListBucket on the bucket and s3:GetObject on what is in it; the bucket's own policy, or "
            "the key that it is encrypted with, may forbid it as well",
        )
    if any(word in said for word in _ABSENT):
        return "it is not there", "mend the bucket or the path of the model"
    if any(word in said for word in _UNREACHED):
        return "S3 is not reached", "the network needs a way there: network.vpcEndpoints: [s3], or nat"
    return None
