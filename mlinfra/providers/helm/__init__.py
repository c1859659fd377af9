"""Helm: releases of charts in a cluster."""
