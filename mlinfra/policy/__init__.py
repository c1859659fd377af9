"""Policies: rules over what a stack desires and over what a plan would do, and what they find.

Rules are data, `policies/<pack>/<rule>.yaml`, ours and a project's own; what one resource alone cannot show is a
function in `checks`, which a rule names. The session loads a `Rulebook` and holds plans to it; nothing here decides
whether one may go on.
"""
