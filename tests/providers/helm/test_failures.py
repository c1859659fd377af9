"""What Helm's sentences are taken to mean."""

from __future__ import annotations

import pytest

from mlinfra.providers.helm.failures import is_passing, is_untold

UNANSWERED = (
    'could not get apiVersions from Kubernetes: Get "https://cluster.example.com/api?timeout=32s": context deadline '
    "exceeded (Client.Timeout exceeded while awaiting headers)"
)


@pytest.mark.parametrize(
    "words",
    [
        UNANSWERED,
        "Timeout: request did not complete within the requested timeout",
        "the server was unable to return a response in the time allotted, but may still be processing the request",
        "resource ConfigMap/one/web not ready. status: Unknown, message: ",
        "error validating data: failed to download openapi: the server was unable to respond with a content type",
        'could not get apiVersions: an error on the server ("unknown") has prevented the request from succeeding',
        "server-side apply failed for object one/web apps/v1, Kind=Deployment: unexpected end of JSON input",
        "invalid character '<' looking for beginning of value",
    ],
)
def test_a_request_that_nobody_answered_as_it_should_be_may_be_sent_again(words: str) -> None:
    assert is_passing(words)


@pytest.mark.parametrize(
    "words",
    [
        "resource Deployment/one/web not ready. status: InProgress: context deadline exceeded",
        "resource Deployment/one/web not ready. status: Unknown, message: : context deadline exceeded",
    ],
)
def test_a_wait_that_ran_out_is_not_waited_for_once_more(words: str) -> None:
    assert not is_passing(words)


def test_an_uninstall_does_not_say_what_kept_an_object_from_going() -> None:
    assert is_untold("failed to delete release: batcher")
    assert not is_untold('secrets "batcher" is forbidden')
