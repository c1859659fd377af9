"""Helm through its SDK for Python: Helm 4 as a library, within this process.

`helm-python-sdk` is imported when it is first needed. Its functions leave out options that the library beneath them
takes (which version of Kubernetes to render for, CRDs to be left alone, fields to be taken from others); the library's
own form of call is JSON and only ever grows (shivamkumar99/helm-c-sdk docs/API.md, "additive only"; seen 2026-11-24),
so it is called in that form here, and the release of the package is pinned. Rendering changes the chart that is
loaded (subcharts that are not in use are dropped), so each call loads its own.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any

from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.providers.helm.credentials import access
from mlinfra.providers.helm.helm import Capabilities, HelmError, Rendering, Running, Wish

_LOOK = 0.5  # seconds between looks at whether the run is being stopped
_NOTES = "/templates/NOTES.txt"
# Also for releases that Helm 3 made: only so can fields be taken back from whoever edited them.
_APPLIED = {"server_side_apply": "true"}


def is_installed() -> bool:
    """Whether the SDK is there, without importing it."""
    return importlib.util.find_spec("helm_python") is not None


class SdkHelm:
    """Helm in this process; see `Helm`."""

    def __init__(self, endpoint: ClusterEndpoint | None) -> None:
        self._endpoint = endpoint

    def render(self, wish: Wish, capabilities: Capabilities, *, upgrade: bool) -> Rendering:
        """Render offline."""
        import helm_python

        options = {
            "name": wish.name,
            "namespace": wish.namespace,
            "is_upgrade": upgrade,
            "is_install": not upgrade,
            **_told(capabilities),
        }
        try:
            with helm_python.Chart.load(wish.chart) as chart:
                if capabilities.kubernetes and chart.metadata.get("kubeVersion"):
                    _require_version(wish, capabilities)
                if wish.check_values:
                    chart.validate_schema(dict(wish.values))
                text = _call("helm_render", chart._raw(), json.dumps(wish.values), json.dumps(options))
                crds = {crd["filename"]: crd["data"] for crd in chart.crds}
        except helm_python.HelmError as error:
            raise HelmError(str(error)) from error
        templates = json.loads(text)
        notes = next((said for path, said in templates.items() if path.endswith(_NOTES)), "")
        return Rendering({path: said for path, said in templates.items() if not path.endswith(_NOTES)}, crds, notes)

    def install(self, wish: Wish, running: Running) -> None:
        """Make a release."""
        options = {
            **_how(wish),
            "create_namespace": wish.create_namespace,
            "labels": dict(wish.labels),
            "description": wish.description,
            "take_ownership": wish.take_ownership,
            "skip_crds": True,
            "disable_openapi_validation": not wish.check_objects,
        }
        self._with_chart("helm_install", wish, options, running)

    def upgrade(self, wish: Wish, running: Running) -> None:
        """Make a new revision."""
        options = {
            **_how(wish),
            "labels": dict(wish.labels),
            "description": wish.description,
            "take_ownership": wish.take_ownership,
            "skip_crds": True,
            "disable_openapi_validation": not wish.check_objects,
            "reset_values": True,
            **_APPLIED,
            "force_conflicts": not wish.replace_objects,
            "cleanup_on_fail": wish.cleanup,
            "max_history": wish.history,
        }
        self._with_chart("helm_upgrade", wish, options, running)

    def rollback(self, wish: Wish, revision: int, running: Running) -> None:
        """Make a new revision like an earlier one."""
        options = {
            **_how(wish),
            "version": revision,
            **_APPLIED,
            "force_conflicts": not wish.replace_objects,
            "cleanup_on_fail": wish.cleanup,
            "max_history": wish.history,
        }
        self._run(wish, running, lambda config, _: _do("helm_rollback", config, wish.name, json.dumps(options)))

    def uninstall(self, wish: Wish, running: Running) -> None:
        """Remove a release."""
        options = {
            "timeout_seconds": wish.timeout,
            "wait": _strategy(wish),
            "disable_hooks": not wish.hooks,
            "ignore_not_found": True,
        }
        self._run(wish, running, lambda config, _: _call("helm_uninstall", config, wish.name, json.dumps(options)))

    def _with_chart(self, function: str, wish: Wish, options: dict[str, Any], running: Running) -> None:
        import helm_python

        values, how = json.dumps(wish.values), json.dumps(options)

        def work(config: Any, context: Any) -> None:
            with helm_python.Chart.load(wish.chart) as chart:
                _call(function, config, context, chart._raw(), None, wish.name, values, how)

        self._run(wish, running, work)

    def _run(self, wish: Wish, running: Running, work: Callable[[Any, Any], object]) -> None:
        """Do `work` in a thread of its own; where nobody waits any longer, it is told to end and left to itself."""
        import helm_python

        assert self._endpoint is not None, "only rendering needs no cluster"
        endpoint = self._endpoint
        context = helm_python.HelmContext()
        done: Future[None] = Future()

        def act() -> None:
            # What it works with is closed here: a thread that was left to itself still needs it.
            try:
                with access(endpoint) as kubeconfig:
                    config = helm_python.Config(kubeconfig_path=kubeconfig.path, namespace=wish.namespace)
                    with config, context:
                        work(config._raw(), context._raw())
                done.set_result(None)
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                done.set_exception(error)

        Thread(target=act, name=f"helm-{wish.name}", daemon=True).start()
        while not wait([done], timeout=_LOOK).done:
            try:
                running.check()
            except BaseException:
                context.cancel()
                raise
        try:
            done.result()
        except helm_python.HelmError as error:
            raise HelmError(str(error)) from error


def _require_version(wish: Wish, capabilities: Capabilities) -> None:
    """Rendering alone takes any version of Kubernetes; a dry run, which asks no cluster either, does not."""
    import helm_python

    options = {"dry_run": "client", "kube_version": capabilities.kubernetes, "skip_schema_validation": True}
    with (
        helm_python.Config(storage_driver="memory", kubeconfig_path=os.devnull) as config,
        helm_python.Chart.load(wish.chart) as chart,
    ):
        values, how = json.dumps(wish.values), json.dumps({**options, "namespace": wish.namespace})
        nobody = helm_python._native.HANDLE(0)
        _call("helm_install", config._raw(), nobody, chart._raw(), None, wish.name, values, how)


def _how(wish: Wish) -> dict[str, Any]:
    return {
        "timeout_seconds": wish.timeout,
        "wait": _strategy(wish),
        "wait_for_jobs": wish.jobs,
        "disable_hooks": not wish.hooks,
        # Objects are replaced or taken from others field by field, not both.
        "force_replace": wish.replace_objects,
    }


def _strategy(wish: Wish) -> str:
    return "watcher" if wish.wait else "hookOnly"


def _told(capabilities: Capabilities) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if capabilities.kubernetes:
        told["kube_version"] = capabilities.kubernetes
    if capabilities.apis:
        told["api_versions"] = list(capabilities.apis)
    return told


def _call(function: str, *arguments: Any) -> str:
    from helm_python import _native

    return _native.call_string(function, *arguments)


def _do(function: str, *arguments: Any) -> None:
    from helm_python import _native

    _native.call_status(function, *arguments)
