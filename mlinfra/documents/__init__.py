"""Text in, typed values and diagnostics out.

The only place that knows PyYAML and jsonschema. `mlinfra.config` reads stack files through it, modules and policies
their own documents. Nothing here knows what a stack is, and nothing here opens a file.
"""
