"""AWS as a provider: declarations of types by service, and the one machinery that carries them out.

The session makes an `AwsProvider` (`provider.py`) for each connection of kind `aws`; the engine calls it.
"""
