"""Bad stacks, and what each must be told: the code, the place, the sentence and the hint, as a user reads them.

Bodies stand below a right head of four lines, but for those that bring their own.
"""

from __future__ import annotations

from tests.config import bad_texts
from tests.config.bad_case import Case

CASES = [
    Case(
        "a misspelt property",
        "network: {cidr: 10.0.0.0/16, natt: single}\n",
        'MLI1030 stack.yaml:5:30: network has no "natt" | did you mean nat?',
    ),
    Case(
        "a value that is not one of those allowed",
        "network: {nat: per-zonr}\n",
        'MLI1033 stack.yaml:5:16: network.nat is the text "per-zonr", but must be none, single or per-zone'
        " | did you mean per-zone?",
    ),
    Case(
        "a number in quotes",
        ('nodeGroups:\n  gpu: {instances: [g5.xlarge], max: "4"}\n'),
        'MLI1032 stack.yaml:6:38: nodeGroups.gpu.max is the text "4", but must be a whole number'
        " | write 4 without quotes",
    ),
    Case(
        "yes for true",
        "network: {flowLogs: yes}\n",
        'MLI1032 stack.yaml:5:21: network.flowLogs is the text "yes", but must be true or false'
        " | write true: in YAML 1.2 yes is text",
    ),
    Case(
        "a text for a list",
        ("nodeGroups:\n  gpu: {instances: g5.xlarge, max: 4}\n"),
        'MLI1032 stack.yaml:6:20: nodeGroups.gpu.instances is the text "g5.xlarge", but must be a list of text'
        " | write a list: [g5.xlarge]",
    ),
    Case(
        "a required property that is missing",
        ("nodeGroups:\n  gpu: {instances: [g5.xlarge]}\n"),
        "MLI1031 stack.yaml:6:3: nodeGroups.gpu needs `max` | add `max`",
    ),
    Case(
        "a required property that is misspelt",
        ("nodeGroups:\n  gpu: {instance: [g5.xlarge], max: 1}\n"),
        "MLI1031 stack.yaml:6:3: nodeGroups.gpu needs `instances` | `instance` is written `instances`",
        'MLI1030 stack.yaml:6:9: nodeGroups.gpu has no "instance" | did you mean instances?',
    ),
    Case(
        "a number below its minimum",
        ("nodeGroups:\n  gpu: {instances: [g5.xlarge], max: -1}\n"),
        "MLI1034 stack.yaml:6:38: nodeGroups.gpu.max is -1, but must be at least 0",
    ),
    Case(
        "an empty list",
        ("nodeGroups:\n  gpu: {instances: [], max: 1}\n"),
        "MLI1036 stack.yaml:6:20: nodeGroups.gpu.instances must have at least 1 item, and has 0",
    ),
    Case(
        "an unknown alternative of a union",
        ("nodeGroups:\n  gpu:\n    instances: [g5.xlarge]\n    max: 1\n    capacity: {type: mixd}\n"),
        'MLI1033 stack.yaml:9:22: nodeGroups.gpu.capacity.type is the text "mixd", but must be spot or mixed'
        " | did you mean mixed?",
    ),
    Case(
        "a mistake within an alternative of a union",
        ("nodeGroups:\n  gpu:\n    instances: [g5.xlarge]\n    max: 1\n    capacity: {type: mixed, onDemandBas: 1}\n"),
        'MLI1030 stack.yaml:9:29: nodeGroups.gpu.capacity has no "onDemandBas" | did you mean onDemandBase?',
    ),
    Case(
        "a value that fits no alternative",
        "network: {zones: true}\n",
        "MLI1037 stack.yaml:5:18: network.zones is true, but must be a whole number or a list of text"
        " | write a list: [true]",
    ),
    Case(
        "a list where names are wanted",
        "nodeGroups: [{instances: [g5.xlarge], max: 1}]\n",
        "MLI1032 stack.yaml:5:13: nodeGroups is a list, but must be a mapping"
        " | write entries (`name: value`), or {} for none",
    ),
    Case(
        "an unknown section",
        "nodegroups: {}\n",
        'MLI1150 stack.yaml:5:1: a stack has no "nodegroups" | did you mean nodeGroups?',
    ),
    Case(
        "a name with capital letters",
        ("nodeGroups:\n  GPU: {instances: [g5.xlarge], max: 1}\n"),
        'MLI1151 stack.yaml:6:3: "GPU" cannot be a name in `nodeGroups`'
        " | a letter first, then small letters and digits, with single dashes between; at most 63 characters",
    ),
    Case(
        "a section with nothing in it",
        "network:\n",
        "MLI1018 stack.yaml:5:1: nothing is written for network"
        " | write a value, {} for all defaults, or null to leave it out",
    ),
    Case(
        "an unknown type of resource",
        ('resources:\n  scratch: {type: "aws:s3/bukcet:Bucket"}\n'),
        'MLI1152 stack.yaml:6:19: no type of resource is called "aws:s3/bukcet:Bucket"'
        " | did you mean aws:s3/bucket:Bucket?",
    ),
    Case(
        "a misspelt property of a resource",
        ("resources:\n  scratch:\n    type: aws:s3/bucket:Bucket\n    properties: {buckt: x}\n"),
        'MLI1030 stack.yaml:8:18: resources.scratch.properties has no "buckt" | did you mean bucket?',
    ),
    Case(
        "a missing head",
        "network: {}\n",
        "MLI1031 stack.yaml: the stack needs `apiVersion` | add `apiVersion: mlinfra/v1`",
        "MLI1031 stack.yaml: the stack needs `kind` | add `kind: Stack`",
        "MLI1031 stack.yaml: the stack needs `metadata` | add `metadata: …`",
        "MLI1031 stack.yaml: the stack needs `target` | add `target: …`",
        head=False,
    ),
    Case(
        "another version of the language",
        ("apiVersion: mlinfra/v2\nkind: Stack\nmetadata: {name: shop}\ntarget: {platform: sandbox}\n"),
        'MLI1107 stack.yaml:1:13: apiVersion is the text "mlinfra/v2", and this mlinfra reads mlinfra/v1 alone'
        " | write `apiVersion: mlinfra/v1`",
        head=False,
    ),
    Case(
        "a bad name of the stack",
        ("apiVersion: mlinfra/v1\nkind: Stack\nmetadata: {name: Shop_1}\ntarget: {platform: sandbox}\n"),
        'MLI1035 stack.yaml:3:18: metadata.name is the text "Shop_1", but must be 2 to 39 small letters, digits'
        " and dashes, beginning with a letter, such as recsys-prod",
        head=False,
    ),
    Case(
        "an unknown platform",
        ("apiVersion: mlinfra/v1\nkind: Stack\nmetadata: {name: shop}\ntarget: {platform: asw, account: 12345}\n"),
        'MLI1033 stack.yaml:4:20: target.platform is the text "asw", but must be aws, kubernetes or sandbox'
        " | did you mean aws?",
        'MLI1035 stack.yaml:4:34: target.account is the text "12345", but must be 12 digits',
        head=False,
    ),
    Case(
        "an unknown input",
        ('network: {zones: "${inputs.zons}"}\ninputs: {zones: {type: integer, default: 2}}\n'),
        "MLI1138 stack.yaml:5:18: ${inputs.zons}: the stack declares no such input | did you mean zones?",
    ),
    Case(
        "an input without a value",
        ("inputs:\n  zones: {type: integer, description: how many zones}\n"),
        "MLI1121 stack.yaml:6:3: the input zones has no default and was given no value"
        " | give one: --set zones=…, or a file with --inputs",
    ),
    Case(
        "an input of the wrong type",
        ("inputs:\n  zones: {type: integer, default: 2}\n"),
        'MLI1032 --set zones: inputs.zones is the text "two", but must be a whole number',
        sets=("zones=two",),
    ),
    Case(
        "an input beyond its maximum",
        ("inputs:\n  zones: {type: integer, default: 2, maximum: 3}\n"),
        "MLI1034 --set zones: inputs.zones is 4, but must be at most 3",
        sets=("zones=4",),
    ),
    Case(
        "a value for an input that is not declared",
        "inputs: {zones: {type: integer, default: 2}}\n",
        'MLI1120 --set zone: the stack declares no input "zone" | did you mean zones?',
        sets=("zone=3",),
    ),
    Case(
        "a --set without a value",
        "",
        'MLI1122 -: --set "zones" is not of the form name=value | --set gpuMax=4',
        sets=("zones",),
    ),
    Case(
        "an input whose default contradicts it",
        (
            "inputs:\n"
            "  size: {type: string, default: [1], minimum: 3}\n"
            "  nat: {type: string, default: a, enum: [b, c]}\n"
        ),
        "MLI1032 stack.yaml:6:33: inputs.size is a list, but must be text",
        "MLI1124 stack.yaml:6:38: inputs.size is of type string, which has no minimum | delete the minimum",
        'MLI1033 stack.yaml:7:32: inputs.nat is the text "a", but must be b or c',
    ),
    Case(
        "an input whose pattern is broken",
        ('inputs:\n  size: {type: string, default: a, pattern: "("}\n'),
        "MLI1124 stack.yaml:6:45: the pattern of inputs.size is no regular expression",
    ),
    Case(
        "an expression in an input's default",
        ('inputs:\n  home: {type: string, default: "${env.HOME}"}\n'),
        "MLI1131 stack.yaml:6:33: `inputs` takes no expressions | write the value out",
    ),
    Case(
        "an unset environment variable",
        'network: {cidr: "${env.CIDR}"}\n',
        "MLI1132 stack.yaml:5:17: the environment variable CIDR is not set | set it, or use an input with a default",
    ),
    Case(
        "an expression that is none",
        'network: {cidr: "${upper(inputs.x)}"}\n',
        'MLI1130 stack.yaml:5:17: "${upper(inputs.x)}" is no expression'
        " | the forms are ${inputs.NAME}, ${env.NAME}, ${secret.sm:NAME#KEY}, ${stacks.NAME.outputs.OUTPUT};"
        " write $${ for the text ${",
    ),
    Case(
        "an expression that is not closed",
        'network: {cidr: "${inputs.x"}\n',
        "MLI1130 stack.yaml:5:17: \"${inputs.x\" is no expression | close it with '}', or write $${ for the text ${",
    ),
    Case(
        "nested expressions",
        'network: {cidr: "${inputs.${env.X}}"}\n',
        'MLI1130 stack.yaml:5:17: "${inputs.${env.X}" is no expression | expressions do not nest',
    ),
    Case(
        "an expression in a key",
        ('registries:\n  models: {}\noutputs:\n  "a${inputs.x}": 1\n'),
        'MLI1134 stack.yaml:8:3: the key "a${inputs.x}" holds an expression | only values may; write the key out',
        'MLI1151 stack.yaml:8:3: "a${inputs.x}" cannot be a name in `outputs`'
        " | a letter first, then letters, digits, '_' and '-'; at most 63 characters",
    ),
    Case(
        "a secret within a longer text",
        ('nodeGroups:\n  gpu: {instances: [a], max: 1, token: "Bearer ${secret.sm:token}"}\n'),
        "MLI1133 stack.yaml:6:40: a secret stands within a longer text | let it be the whole value",
    ),
    Case(
        "a secret where a number belongs",
        ('nodeGroups:\n  gpu: {instances: [a], max: "${secret.sm:max}"}\n'),
        "MLI1032 stack.yaml:6:30: nodeGroups.gpu.max is a secret, which is text, but must be a whole number"
        " | write the value out, or take it from an input",
    ),
    Case(
        "a secret among the outputs",
        'outputs: {token: "${secret.sm:token}"}\n',
        "MLI1131 stack.yaml:5:18: no secret may stand here"
        " | secrets may stand in sections and in the properties of resources: they are read at the call alone",
    ),
    Case(
        "an unknown source of secrets",
        ('nodeGroups:\n  gpu: {instances: [a], max: 1, token: "${secret.vault:token}"}\n'),
        'MLI1130 stack.yaml:6:40: "${secret.vault:token}" is no expression'
        " | secrets are ${secret.sm:NAME#KEY}, ${secret.ssm:NAME} or ${secret.env:NAME}",
    ),
    Case(
        "a reference to an output that is not known yet",
        ('network: {}\nnodeGroups:\n  gpu: {instances: [a], max: 1, token: "${network.vpcId}"}\n'),
        "MLI1131 stack.yaml:7:40: ${network.vpcId} is known only once network is made"
        " | sections are connected by the language itself; such references stand in `resources` and `outputs`",
    ),
    Case(
        "a reference to an unknown output",
        ('network: {}\noutputs: {vpc: "${network.vpcid}"}\n'),
        "MLI1139 stack.yaml:6:16: network has no output vpcid | did you mean vpcId?",
    ),
    Case(
        "a reference to an entry that is not there",
        ('registries: {models: {}}\noutputs: {url: "${registries.model.url}"}\n'),
        "MLI1138 stack.yaml:6:16: ${registries.model.url} refers to nothing | did you mean models?",
    ),
    Case(
        "a reference to a section that is not there",
        'outputs: {url: "${registries.models.url}"}\n',
        "MLI1138 stack.yaml:5:16: ${registries.models.url} refers to nothing | there is no `registries` in the stack",
    ),
    Case(
        "a reference to itself",
        ('resources:\n  a: {type: "aws:s3/bucket:Bucket", properties: {bucket: "${resources.a.id}"}}\n'),
        "MLI1140 stack.yaml:6:58: ${resources.a.id} refers to the resource it stands in",
    ),
    Case(
        "a stack that is not declared",
        ('outputs: {vpc: "${stacks.shared.outputs.vpc}"}\nstacks: {common: {state: s3://a/b}}\n'),
        "MLI1135 stack.yaml:5:16: no stack shared is declared under `stacks` | there is common",
    ),
    Case(
        "a stack that is not applied yet",
        ('outputs: {vpc: "${stacks.shared.outputs.vpc}"}\nstacks: {shared: {state: s3://a/b}}\n'),
        "MLI1136 stack.yaml:5:16: the stack shared has not been applied yet | apply it first, then this one",
        reader=lambda location: None,
    ),
    Case(
        "a file to extend that is not there",
        "extends: [bsae.yaml]\n",
        "MLI1101 stack.yaml:5:11: bsae.yaml does not exist | did you mean base.yaml?",
    ),
    Case(
        "a file to extend outside the project",
        "extends: [../../etc/passwd]\n",
        'MLI1104 stack.yaml:5:11: "../../etc/passwd" lies outside the project'
        " | the project is PROJECT: the nearest directory above the stack file with .git or .mlinfra",
    ),
    Case(
        "a protected address that nothing can have",
        "lifecycle: {protect: [registry], ttl: 3 days}\n",
        'MLI1154 stack.yaml:5:23: lifecycle.protect[0] begins with "registry", which is no section'
        " | did you mean registries?",
        'MLI1035 stack.yaml:5:39: lifecycle.ttl is the text "3 days", but must be a duration that is longer than '
        "nothing, such as 60s, 30m, 8h or 14d",
    ),
    Case(
        "a time to live of no length",
        "lifecycle: {environment: ephemeral, ttl: 0m}\n",
        'MLI1035 stack.yaml:5:42: lifecycle.ttl is the text "0m", but must be a duration that is longer than nothing, '
        "such as 60s, 30m, 8h or 14d",
    ),
    Case(
        "an input that no number fits",
        "inputs: {most: {type: integer, minimum: 5, maximum: 2, default: 3}}\n",
        "MLI1124 stack.yaml:5:53: inputs.most must be at least 5, and at most 2 | no value is both: change one of them",
    ),
    Case(
        "an input whose pattern takes for ever",
        "inputs: {word: {type: string, pattern: ^(a+)+$, default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}}\n",
        "MLI1195 stack.yaml:5:40: whether inputs.word fits its pattern cannot be told: it has not answered within"
        " a second | mend the pattern: a repetition within another, as in (a+)+, can take for ever",
    ),
    Case(
        "a rename without a target",
        "moved: [{from: nodeGroups.gpu}]\n",
        "MLI1031 stack.yaml:5:9: moved[0] needs `to` | add `to`",
    ),
    Case(
        "a waiver until a day that does not exist",
        ("policies:\n  waive: [{rule: R, address: network, reason: x, until: 2027-02-30}]\n"),
        "MLI1155 stack.yaml:6:57: policies.waive[0].until is 2027-02-30, and there is no such day"
        " | write it as 2027-03-31",
    ),
    Case(
        "a tag that is not the stack's to give",
        (
            "apiVersion: mlinfra/v1\n"
            "kind: Stack\n"
            'metadata: {name: shop, tags: {"aws:team": x}}\n'
            "target: {platform: sandbox}\n"
        ),
        'MLI1156 stack.yaml:3:31: the tag "aws:team" is not the stack\'s to give | aws: and mlinfra: are reserved',
        head=False,
    ),
    Case(
        "a state at an unknown place",
        "state: gs://bucket/state\n",
        'MLI1035 stack.yaml:5:8: state is the text "gs://bucket/state", but must be s3://BUCKET/PREFIX or a local path',
    ),
    *bad_texts.CASES,
]
