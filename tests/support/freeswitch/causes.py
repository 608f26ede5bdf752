"""FreeSWITCH's words for causes and what Q.850 numbers they have in ``hangup_cause_q850``."""

Q850 = {
    "UNALLOCATED_NUMBER": 1,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "DESTINATION_OUT_OF_ORDER": 27,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NORMAL_TEMPORARY_FAILURE": 41,
}
"""Whatever has a number above 127 there is told as 16."""

_BY_NUMBER = {number: word for word, number in reversed(Q850.items())}


def word_of(cause: str) -> str:
    """From a word or a number, as ``uuid_kill`` takes it."""
    if cause.isdecimal():
        return _BY_NUMBER.get(int(cause), "NORMAL_CLEARING")
    return cause or "NORMAL_CLEARING"
