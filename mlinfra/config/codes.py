"""The codes of what can be wrong with a stack file: MLI1100 to MLI1199.

docs/codes.md is generated from these, with those of `mlinfra.documents.codes`, which cover text and schemas.
"""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can be wrong with a stack file beyond its syntax and its types."""

    NO_FILE = "MLI1101", "The file does not exist."
    NOT_A_FILE = "MLI1102", "The path is a directory, a device or a pipe, not a file."
    SYMLINK = "MLI1103", "The path leads through a symbolic link."
    OUTSIDE = "MLI1104", "The path leaves the project."
    UNREADABLE = "MLI1105", "The file cannot be read."
    NOT_A_STACK = "MLI1106", "The file is empty, or is not a mapping."
    API_VERSION = "MLI1107", "The file's apiVersion or kind is not one that this version reads."

    EXTENDS_CYCLE = "MLI1111", "Files extend each other in a circle."
    EXTENDS_TOO_MANY = "MLI1112", "Too many files are extended."

    UNKNOWN_INPUT = "MLI1120", "A value is given for an input that the stack does not declare."
    MISSING_INPUT = "MLI1121", "An input has no default and was given no value."
    BAD_SET = "MLI1122", "A --set is not of the form name=value."
    BAD_INPUTS_FILE = "MLI1123", "An inputs file is not a mapping of names to values."
    ENDLESS_PATTERN = "MLI1195", "Whether an input fits its pattern cannot be told in a reasonable time."
    IDLE = "MLI1196", "A part of a stack file that belongs to no module has no effect (a warning)."
    BAD_DECLARATION = "MLI1124", "An input is declared in a way that contradicts itself."

    BAD_EXPRESSION = "MLI1130", "A ${...} is none of the forms of the language."
    NOT_HERE = "MLI1131", "An expression stands where it has no meaning."
    NO_VARIABLE = "MLI1132", "An environment variable is not set."
    NOT_WHOLE = "MLI1133", "A secret, or a list or mapping, stands within a longer text."
    IN_KEY = "MLI1134", "An expression stands in a key."
    UNKNOWN_STACK = "MLI1135", "A reference names a stack that is not declared under `stacks`."
    NOT_APPLIED = "MLI1136", "A stack that is referred to has not been applied yet."
    UNKNOWN_STACK_OUTPUT = "MLI1137", "A stack that is referred to has no such output."
    UNKNOWN_REFERENCE = "MLI1138", "A reference names a section, entry or resource that the stack does not have."
    UNKNOWN_OUTPUT = "MLI1139", "A reference names an output that a section, or a type of resource, does not have."
    SELF_REFERENCE = "MLI1140", "A resource refers to itself."

    UNKNOWN_SECTION = "MLI1150", "The language has no such section."
    BAD_NAME = "MLI1151", "A name is not of the form that names have."
    UNKNOWN_TYPE = "MLI1152", "No provider knows this type of resource."
    NOT_BUILT = "MLI1153", "A section is part of the language, but cannot be planned yet."
    UNKNOWN_ADDRESS = "MLI1154", "An address names nothing that a stack can have."
    BAD_DATE = "MLI1155", "A date does not exist."
    NO_TIME_ZONE = "MLI1190", "A time zone does not exist."
    NOT_JSON = "MLI1191", "A document, such as a policy, is not JSON."
    MOVED_TWICE = "MLI1160", "Renames contradict each other."
    RESERVED_TAG = "MLI1156", "A tag begins with a prefix that is not the user's to give."
