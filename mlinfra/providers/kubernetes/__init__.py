"""Kubernetes: objects of any kind behind the API of a cluster."""
