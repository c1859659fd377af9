"""The simulated AWS: moto, extended from outside by what it lacks or gets wrong.

`sandbox.Sandbox` is what others use; `composition` names all that extends moto.
"""
