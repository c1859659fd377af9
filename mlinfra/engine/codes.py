"""The codes of planning and applying: MLI3000 to MLI3059, MLI3180 to MLI3189, MLI3165, MLI3200 and MLI3201."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can be wrong with a plan, or go wrong with a walk."""

    UNKNOWN_TYPE = "MLI3001", "No provider knows the type of a resource."
    REFERS_TO_NOTHING = "MLI3002", "A resource refers to one that the stack does not have."
    CIRCLE = "MLI3003", "Resources need one another in a circle."
    NO_SUCH_ADDRESS = "MLI3004", "The stack has nothing of that address."
    UNKNOWN_RECORD = "MLI3005", "The state holds an object of a type that this version does not know."
    INCOMPLETE = "MLI3006", "Some steps failed or were not reached; all that was made is recorded."
    HALTED = "MLI3007", "The run was stopped at once."
    PROTECTED = "MLI3010", "A protected object would be deleted or replaced."
    MOVED_AND_DECLARED = "MLI3021", "An address is renamed and still declared."
    MOVED_ONTO_ANOTHER = "MLI3022", "An address is renamed to one that exists."
    TWO_CLAIMANTS = "MLI3023", "Several objects claim to be the same one."
    NOT_OURS = "MLI3030", "Something of the same name exists already and is not ours."
    CLAIMED_ELSEWHERE = "MLI3031", "An object on record says that it belongs to another stack."
    CANNOT_BE_UNSET = "MLI3032", "A property was taken out of the stack and cannot be unset (a warning)."
    AFLOAT = "MLI3201", "What the stack says nothing of is not as it was when it was last applied (a warning)."
    UNDECLARED = "MLI3033", "An adopted object has a property that the stack does not mention (a note)."
    UNREADABLE = "MLI3034", "An object could not be read, and is left alone (a warning)."
    STATE_LOST = "MLI3035", "Objects bear the name of this stack and another lineage."
    UNCLEAR_CREATION = "MLI3036", "It cannot be seen whether an interrupted run made an object (a warning)."
    STILL_USED = "MLI3037", "An object would be deleted that another one uses, and cannot let go of."
    NOT_ADOPTABLE = "MLI3038", "An object to be adopted would have to be replaced."
    NO_ROOM = "MLI3165", "An object is to be in a namespace, or of a kind, that the plan takes away."
    STALE = "MLI3050", "What was planned is no longer what would be done."
    NO_SUCH_OUTPUT = "MLI3051", "A resource refers to an output that its object does not have."
    OTHER_LINEAGE = "MLI3052", "The plan was made for another life of the stack."
    STACK_CHANGED = "MLI3053", "The stack file has changed since the plan was made."
    DONE_ALREADY = "MLI3054", "A plan was carried out already."
    ENDED = "MLI3200", "The life of the stack that a plan was made for has ended."
    FOREIGN = (
        "MLI3180",
        "Somebody added something to an object of the stack, which the stack does not declare (a warning).",
    )
    DEFECT = "MLI9000", "A defect of mlinfra stopped one step."
