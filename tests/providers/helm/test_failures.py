"""What Helm's sentences are taken to mean."""

from __future__ import annotations

from mlinfra.providers.helm.failures import is_passing, is_untold

LATE = "failed to create: Timeout: request did not complete within the requested timeout - context deadline exceeded"
UNSEEN = "resource ConfigMap/one/web not ready. status: Unknown, message: "
UNANSWERED = (
    'could not get apiVersions from Kubernetes: Get "https://cluster.example.com/api?timeout=32s": context deadline '
    "exceeded (Client.Timeout exceeded while awaiting headers)"
)


def test_a_request_that_nobody_answered_may_be_sent_again_and_a_wait_that_ran_out_not() -> None:
    assert is_passing(UNANSWERED)
    assert is_passing(LATE)
    assert is_passing('unable to build kubernetes objects: error validating "": failed to download openapi: not now')
    assert is_passing("the server was unable to return a response in the time allotted, but may still be processing it")
    assert is_passing(UNSEEN)
    assert not is_passing(f"{UNSEEN}\ncontext deadline exceeded")
    assert not is_passing("resource Deployment/one/web not ready. status: InProgress: context deadline exceeded")


def test_an_uninstall_does_not_say_what_kept_an_object_from_going() -> None:
    assert is_untold("failed to delete release: batcher")
    assert not is_untold('secrets "batcher" is forbidden')
