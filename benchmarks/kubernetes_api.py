"""The Kubernetes API of the sandbox: server-side applies a second, over TLS, as its users reach it.

    python benchmarks/kubernetes_api.py [--json] [--count N] [--connections N]

Serves an empty cluster in a process of its own, and applies N Deployments and N ConfigMaps to it from one connection,
then from several: first as new objects, then with a change, then unchanged. Says for each how many there were a second,
and how many a second of the server's own processor time: the figure to compare where other programs run beside it.
Exits with 1 where the target of docs/sandbox.md is missed by that figure.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import ssl
import sys
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster

TARGET = 500.0  # applies a second
ROUNDS = ("create", "change", "no change")


def serve(pipe: Connection) -> None:
    """Serve a cluster; answer each word with the processor time used so far, until there is none."""
    cluster = KubernetesCluster("benchmark", version="1.33", clock=lambda: datetime.now(UTC))
    pipe.send((cluster.start(), cluster.ca_pem))
    while pipe.recv():
        pipe.send(time.process_time())
    cluster.stop()


def objects(name: str, number: int) -> list[tuple[str, dict[str, Any]]]:
    """A Deployment and a ConfigMap, with the paths of their collections."""
    labels = {"app": name}
    container = {
        "name": "main",
        "image": f"example.com/model-server:{number}",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "resources": {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"nvidia.com/gpu": "1"}},
        "env": [{"name": f"SETTING_{index}", "value": str(index)} for index in range(5)],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
    data = {f"key-{index}": f"{number}" for index in range(10)}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    return [
        ("/apis/apps/v1/namespaces/default/deployments", deployment),
        ("/api/v1/namespaces/default/configmaps", config),
    ]


def apply_all(url: str, certificate: str, prefix: str, count: int, number: int) -> None:
    """Apply `count` pairs over one connection."""
    address = urlsplit(url)
    context = ssl.create_default_context(cadata=certificate)
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, context=context)
    headers = {"Content-Type": "application/apply-patch+yaml", "Connection": "keep-alive"}
    for index in range(count):
        for path, obj in objects(f"{prefix}-{index}", number):
            name = obj["metadata"]["name"]
            target = f"{path}/{name}?fieldManager=benchmark&force=true"
            connection.request("PATCH", target, json.dumps(obj).encode(), headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status not in (200, 201):
                raise SystemExit(f"{answer.status}: {body.decode()}")
    connection.close()


def measure(pipe: Connection, url: str, certificate: str, connections: int, count: int) -> list[dict[str, Any]]:
    """The three rounds from some connections; `count` pairs in all."""
    rows = []
    for round_, number in zip(ROUNDS, (1, 2, 2), strict=True):
        used, began = ask(pipe), time.perf_counter()
        share = count // connections
        each = [(url, certificate, f"c{connections}-{index}", share, number) for index in range(connections)]
        threads = [threading.Thread(target=apply_all, args=arguments) for arguments in each]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, used = time.perf_counter() - began, ask(pipe) - used
        applies = 2 * share * connections
        rows.append(
            {
                "connections": connections,
                "round": round_,
                "applies": applies,
                "perSecond": round(applies / took),
                "perProcessorSecond": round(applies / used),
            }
        )
    return rows


def ask(pipe: Connection) -> float:
    """The processor time that the server has used."""
    pipe.send(True)
    return float(pipe.recv())


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="server-side applies a second")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--count", type=int, default=500, help="pairs of objects")
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    url, certificate = here.recv()
    rows = [row for width in (1, asked.connections) for row in measure(here, url, certificate, width, asked.count)]
    here.send(False)
    server.join()
    if asked.json:
        print(json.dumps(rows, indent=2))
    else:
        print(f"{'connections':>11}  {'round':<10}{'applies':>8}{'a second':>10}{'a second of processor':>23}")
        for row in rows:
            told = f"{row['connections']:>11}  {row['round']:<10}{row['applies']:>8}{row['perSecond']:>10}"
            print(f"{told}{row['perProcessorSecond']:>23}")
    sys.exit(0 if min(row["perProcessorSecond"] for row in rows) >= TARGET else 1)


if __name__ == "__main__":
    main()
