"""Elastic Kubernetes Service: all of it that a cluster needs, in place of the little that moto has."""
