"""The note in a cluster that says into which hosted zones names are written from there.

The component `external-dns` leaves it, and teardown reads it. What a controller wrote into a zone bears no tag: whose
it is stands beside it, in a text that names the cluster, and in which zones to look, here.
"""

from __future__ import annotations

# A config map.
NAMESPACE = "external-dns"
NAME = "zones"
KEY = "zones"  # identifiers, with commas between them
