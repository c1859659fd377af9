"""Elastic Compute Cloud, where moto falls short: what it forgets, accepts or deletes and AWS does not."""
