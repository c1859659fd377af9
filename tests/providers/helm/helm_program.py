#!/usr/bin/env python3
"""The `helm` program as far as mlinfra calls it, over the SDK: for machines that have the one and not the other.

It knows the flags that Helm 4 declares (helm.sh/helm v4, pkg/cmd, read 2026-11-24) and refuses all others.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="helm", allow_abbrev=False)
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--kubeconfig")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("install", "upgrade", "template"):
        command = commands.add_parser(name, allow_abbrev=False)
        command.add_argument("release")
        command.add_argument("chart")
        command.add_argument("--values", required=True, choices=["-"])
        command.add_argument("--labels", action="append", default=[])
        command.add_argument("--description", default="")
        for flag in ("skip-crds", "skip-schema-validation", "take-ownership", "disable-openapi-validation"):
            command.add_argument(f"--{flag}", action="store_true")
    commands.choices["install"].add_argument("--create-namespace", action="store_true")
    commands.choices["upgrade"].add_argument("--reset-values", action="store_true")
    template = commands.choices["template"]
    template.add_argument("--kube-version", default="")
    template.add_argument("--api-versions", action="append", default=[])
    template.add_argument("--include-crds", action="store_true")
    template.add_argument("--is-upgrade", action="store_true")
    rollback = commands.add_parser("rollback", allow_abbrev=False)
    rollback.add_argument("release")
    rollback.add_argument("revision", type=int)
    uninstall = commands.add_parser("uninstall", allow_abbrev=False)
    uninstall.add_argument("release")
    uninstall.add_argument("--ignore-not-found", action="store_true")
    for name in ("upgrade", "rollback"):
        again = commands.choices[name]
        again.add_argument("--history-max", type=int)
        again.add_argument("--server-side", choices=["true", "false", "auto"])
        again.add_argument("--cleanup-on-fail", action="store_true")
        again.add_argument("--force-conflicts", action="store_true")
    for name in ("install", "upgrade", "rollback", "uninstall"):
        command = commands.choices[name]
        command.add_argument("--timeout")
        command.add_argument("--wait", choices=["watcher", "hookOnly", "legacy"])
        command.add_argument("--no-hooks", action="store_true")
        if name != "uninstall":
            command.add_argument("--wait-for-jobs", action="store_true")
            command.add_argument("--force-replace", action="store_true")
    for command in commands.choices.values():
        command.add_argument("--namespace", default=argparse.SUPPRESS)
        command.add_argument("--kubeconfig", default=argparse.SUPPRESS)
    return parser.parse_args(words)


def run(given: argparse.Namespace) -> None:
    import helm_python
    from helm_python import _native

    if given.command == "template":
        values = json.loads(sys.stdin.read())
        with helm_python.Chart.load(given.chart) as chart:
            if not given.skip_schema_validation:
                chart.validate_schema(values)
            options: dict[str, Any] = {"name": given.release, "namespace": given.namespace}
            options |= {"is_upgrade": given.is_upgrade, "is_install": not given.is_upgrade}
            options |= {"kube_version": given.kube_version} if given.kube_version else {}
            found = _native.call_string("helm_render", chart._raw(), json.dumps(values), json.dumps(options))
            texts = [(path, text) for path, text in json.loads(found).items() if not path.endswith("NOTES.txt")]
            if given.include_crds:
                texts = [*((crd["filename"], crd["data"]) for crd in chart.crds), *texts]
        for path, text in texts:
            for part in re.split(r"(?m)^---\s*\n", text):
                print(f"---\n# Source: {path}\n{part.strip()}" if part.strip() else "", end="\n")
        return
    with helm_python.Config(kubeconfig_path=given.kubeconfig, namespace=given.namespace) as config:
        how = {"wait": given.wait, "timeout": int(given.timeout.removesuffix("s"))}
        if given.command == "uninstall":
            config.uninstall(given.release, ignore_not_found=given.ignore_not_found, **how)
        elif given.command == "rollback":
            config.rollback(given.release, version=given.revision, **how)
        else:
            labels = dict(label.split("=", 1) for label in given.labels)
            values = json.loads(sys.stdin.read())
            more = {"create_namespace": given.create_namespace} if given.command == "install" else {}
            act = config.install if given.command == "install" else config.upgrade
            act(given.chart, given.release, values, labels=labels, **how, **more)


if __name__ == "__main__":
    try:
        run(parsed(sys.argv[1:]))
    except Exception as error:  # noqa: BLE001 - as a program does
        sys.exit(f"Error: {error}")
