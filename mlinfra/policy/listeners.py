"""Listeners: the ports behind which somebody who gets through can run code, read models or use accelerators.

The checks on security groups and Services ask. What is here listens so where nobody says otherwise, and asks nobody who
he is, or for a password alone. Ports that people open to the internet on purpose (80, 443) are not here. Sources: the
charts that our modules install, else the defaults that the projects document (`ray start`, `mlflow server`, ...).
"""

from __future__ import annotations

LISTENERS = {
    22: "SSH",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    2746: "Argo",
    3000: "Grafana, BentoML",
    3389: "RDP",
    4040: "Spark",
    4200: "Prefect",
    5000: "MLflow",
    5555: "Flower",
    5985: "WinRM",
    5986: "WinRM",
    6006: "TensorBoard",
    6379: "Ray, Redis",
    7077: "Spark",
    7860: "Gradio",
    7070: "TorchServe",
    7071: "TorchServe",
    8000: "Triton, vLLM, Ray Serve, JupyterHub",
    8001: "Triton",
    8002: "Triton",
    8080: "Airflow, Kubeflow, TorchServe, Spark",
    8081: "TorchServe, Spark",
    8082: "TorchServe",
    8090: "Flyte",
    8265: "Ray",
    8500: "TensorFlow Serving",
    8501: "Streamlit, TensorFlow Serving",
    8786: "Dask",
    8787: "Dask",
    8888: "Jupyter",
    8889: "Jupyter",
    9000: "MinIO",
    9001: "MinIO",
    9090: "Prometheus",
    10001: "Ray",
    10250: "the kubelet",
    10255: "the kubelet",
    11434: "Ollama",
    18080: "Spark",
    29500: "PyTorch",
    30000: "SGLang",
}
# Those that whatever serves the web listens on as well: behind another port they say nothing of what is there.
_ANYTHING = frozenset({3000, 4200, 5000, 7070, 7071, 8000, 8001, 8002, 8080, 8081, 8082, 8090, 8500, 9000, 9001, 30000})


def is_behind(port: object) -> bool:
    """Whether a port behind that of a load balancer is certainly one of these."""
    return isinstance(port, int) and port in LISTENERS and port not in _ANYTHING


def listeners_in(first: int, last: int) -> dict[int, str]:
    """Those in a range of ports, both ends included."""
    return {port: name for port, name in LISTENERS.items() if first <= port <= last}
