"""What every AWS caller shares: clients, calls with retries, error translation, identity, facts.

Providers, state, advice and the session use it. botocore is imported when the first client is made, not before.
"""
