"""The codes of what can be wrong with a document: MLI1000 to MLI1099."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can be wrong with the text of a document, and with its content against a schema."""

    NOT_UTF8 = "MLI1001", "The file is not UTF-8 text."
    FORBIDDEN_CHARACTER = "MLI1002", "A control, invisible or text-reversing character stands in the file."
    SYNTAX = "MLI1003", "The file is not valid YAML."
    TAB = "MLI1004", "A tab is used as indentation."
    DUPLICATE_KEY = "MLI1005", "A mapping has the same key twice."
    KEY_NOT_TEXT = "MLI1006", "A key is not text."
    MERGE_KEY = "MLI1007", "YAML merge keys (<<) are not part of the language."
    ALIAS = "MLI1008", "YAML anchors and aliases are not part of the language."
    TAG = "MLI1009", "YAML tags are not part of the language."
    SECOND_DOCUMENT = "MLI1010", "A file holds one document only."
    TOO_DEEP = "MLI1011", "The document is nested too deeply."
    LONG_NUMBER = "MLI1012", "A number has too many digits."
    NOT_FINITE = "MLI1013", "A number is infinite, not a number, or too large."
    STRANGE_NAME = "MLI1014", "A name holds a character outside ASCII."
    TOO_LARGE = "MLI1015", "The file is too large."
    BINARY = "MLI1016", "The file holds NUL characters: it is binary, or not UTF-8."
    TOO_MANY = "MLI1017", "There may be more mistakes than are shown."
    EMPTY_VALUE = "MLI1018", "Nothing is written after a key or a dash."

    UNKNOWN_PROPERTY = "MLI1030", "A property does not exist here."
    MISSING_PROPERTY = "MLI1031", "A required property is missing."
    WRONG_TYPE = "MLI1032", "A value is of the wrong type."
    NOT_ALLOWED = "MLI1033", "A value is not one of those allowed."
    OUT_OF_RANGE = "MLI1034", "A number is too small, too large, or not a multiple of what it must be."
    WRONG_FORM = "MLI1035", "A text does not have the required form."
    WRONG_SIZE = "MLI1036", "A text, list or mapping is too short or too long."
    NO_ALTERNATIVE = "MLI1037", "A value fits none of the alternatives."
    REPEATED = "MLI1038", "A list holds the same value twice."
    RULE = "MLI1039", "A value breaks a rule of its schema."
