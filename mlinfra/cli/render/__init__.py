"""Plans, events and diagnostics as text, Markdown, HTML and JSON.

Pure: nouns in, strings or rich renderables out. Whatever a user, a cloud or a stranger put into a name or a value is
inert in every form, and no secret is ever shown.
"""
