"""Bad stacks that are no good YAML already, or YAML that we do not take, and what each must be told."""

from __future__ import annotations

from tests.config.bad_case import Case

CASES = [
    Case(
        "a repeated key",
        ("network: {nat: single}\nnetwork: {}\n"),
        'MLI1005 stack.yaml:6:1: the key "network" is repeated: it stands at line 5 already | keep one of them',
    ),
    Case(
        "an alias",
        ("network: &n {nat: single}\nregistries: {a: *n}\n"),
        "MLI1008 stack.yaml:5:10: &n is an anchor | delete it: there are no aliases",
        "MLI1008 stack.yaml:6:17: *n is an alias | write the value out, or use an input",
    ),
    Case(
        "an alias bomb",
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
        'MLI1150 stack.yaml:5:1: a stack has no "a"'
        " | there is apiVersion, extends, inputs, kind, lifecycle, metadata, moved, network, nodeGroups,"
        " outputs, policies, registries and 5 more",
        "MLI1008 stack.yaml:5:4: &a is an anchor | delete it: there are no aliases",
        'MLI1150 stack.yaml:6:1: a stack has no "b"'
        " | there is apiVersion, extends, inputs, kind, lifecycle, metadata, moved, network, nodeGroups,"
        " outputs, policies, registries and 5 more",
        "MLI1008 stack.yaml:6:4: &b is an anchor | delete it: there are no aliases",
        "MLI1008 stack.yaml:6:8: *a is an alias | write the value out, or use an input",
        "MLI1008 stack.yaml:6:12: *a is an alias | write the value out, or use an input",
        'MLI1150 stack.yaml:7:1: a stack has no "c"'
        " | there is apiVersion, extends, inputs, kind, lifecycle, metadata, moved, network, nodeGroups,"
        " outputs, policies, registries and 5 more",
        "MLI1008 stack.yaml:7:5: *b is an alias | write the value out, or use an input",
        "MLI1008 stack.yaml:7:9: *b is an alias | write the value out, or use an input",
    ),
    Case(
        "a merge key",
        ("registries:\n  a: {<<: {immutable: true}}\n"),
        "MLI1007 stack.yaml:6:7: '<<' would merge another mapping in | write the entries out, or use `extends`",
    ),
    Case(
        "a key that is a number",
        ("registries:\n  1: {}\n"),
        'MLI1006 stack.yaml:6:3: the key 1 is a number, not text | quote it: "1"',
    ),
    Case(
        "a custom tag",
        "network: {cidr: !!python/object:os.system x}\n",
        'MLI1009 stack.yaml:5:17: "!!python/object:os.system" is a tag | delete it; a quoted value is text',
    ),
    Case(
        "a second document",
        ("network: {}\n---\nnetwork: {}\n"),
        "MLI1010 stack.yaml:6:1: a second document begins here | put it into a file of its own",
    ),
    Case(
        "a number of 5,000 digits",
        "nodeGroups:\n  gpu: {instances: [a], max: " + "9" * 5000 + "}\n",
        "MLI1012 stack.yaml:6:30: a number of 5000 characters; at most 100 are read | quote it if it is text",
    ),
    Case(
        "infinity",
        ("nodeGroups:\n  gpu: {instances: [a], max: .inf}\n"),
        'MLI1013 stack.yaml:6:30: ".inf" is no finite number | quote it if it is text',
    ),
    Case(
        "a name in another alphabet",
        "n\u0435twork: {nat: single}\n",
        'MLI1014 stack.yaml:5:1: the name "n\u0435twork" holds U+0435 CYRILLIC SMALL LETTER IE'
        " | names are ASCII: a letter of another alphabet can look the same and be another name",
        'MLI1150 stack.yaml:5:1: a stack has no "n\u0435twork" | did you mean network?',
    ),
    Case(
        "a text that runs backwards",
        'network: {cidr: "10.0.0.0\u202e/16"}\n',
        "MLI1002 stack.yaml:5:26: U+202E RIGHT-TO-LEFT OVERRIDE stands here | delete it",
    ),
    Case(
        "a text that runs backwards by an escape",
        'network: {cidr: "10.0.0.0\\u202e/16"}\n',
        "MLI1002 stack.yaml:5:17: an escape spells U+202E RIGHT-TO-LEFT OVERRIDE | delete it",
    ),
    Case(
        "a NUL",
        'network: {cidr: "10\x00"}\n',
        "MLI1016 stack.yaml:5:20: the file holds a NUL character | save it as UTF-8 text without binary data",
    ),
    Case(
        "a control character",
        'network: {cidr: "10\x1b[31m"}\n',
        "MLI1002 stack.yaml:5:20: U+001B control character stands here | delete it",
    ),
    Case(
        "a thousand levels",
        "network: " + "[" * 1000 + "\n",
        "MLI1011 stack.yaml:5:59: more than 50 mappings and lists within each other | flatten the document",
    ),
    Case(
        "a tab",
        ("network:\n\tnat: single\n"),
        "MLI1004 stack.yaml:6:1: a tab stands in the indentation | indent with spaces",
    ),
    Case(
        "a bracket that is not closed",
        ("network: {nat: single\nregistries: {}\n"),
        "MLI1003 stack.yaml:5:10: a '{' is never closed | close the mapping with '}', and put ',' between its entries",
    ),
    Case(
        "a quote that is not closed",
        'network: {cidr: "10.0.0.0/16}\n',
        "MLI1003 stack.yaml:5:17: a quote is never closed | close it with the same kind of quote",
    ),
    Case(
        "a colon within a value",
        ("network:\n  cidr: a: b\n"),
        "MLI1003 stack.yaml:6:10: a ':' stands where no key can be"
        " | check the indentation, or quote the value if the ':' is part of it",
    ),
    Case(
        "bad indentation",
        ("network:\n    nat: single\n  cidr: x\n"),
        "MLI1003 stack.yaml:7:3: this line does not fit those above it"
        " | indent the entries of one mapping or list alike; after a closing quote nothing may follow",
    ),
    Case(
        "an unquoted at-sign",
        "metadata: @shop\n",
        "MLI1003 stack.yaml:5:11: no unquoted text can begin with '@' | put it into quotes",
    ),
    Case(
        "a list instead of a stack",
        "- a\n",
        "MLI1106 stack.yaml:1:1: stack.yaml is not a mapping | a stack file begins with apiVersion: mlinfra/v1",
        head=False,
    ),
    Case(
        "an empty file",
        "",
        "MLI1106 stack.yaml:1:1: stack.yaml is empty | a stack file begins with apiVersion: mlinfra/v1",
        head=False,
    ),
]
