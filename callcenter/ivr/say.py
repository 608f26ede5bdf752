"""Numbers, money, dates and times as lists of recorded pieces, by the grammar of each language.

Pure. The walker and the queues ask :func:`prompts_for`; the pieces' texts are in
``ivr_prompts/speech.toml``. Grammars: :mod:`say_en`, :mod:`say_zh`, :mod:`say_ja`.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from callcenter.ivr import say_en, say_ja, say_zh
from callcenter.ivr.grammar import CURRENCIES, MOST, Amount, Grammar
from callcenter.kernel.errors import CallCenterError

Sayable = str | int | Decimal | date | time | datetime

_GRAMMARS: dict[str, Grammar] = {
    "en": say_en.English(),
    "zh": say_zh.Chinese(),
    "ja": say_ja.Japanese(),
}
_SIGNS = {"+": "digits/plus", "*": "digits/star", "#": "digits/hash"}
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


class SayKind(StrEnum):
    """How a value is read out."""

    DIGITS = "digits"  # one by one: "4008", also + * #
    NUMBER = "number"  # 1001, -5, 3.14
    ORDINAL = "ordinal"  # 3: third
    MONEY = "money"  # "12.50 CNY"; CNY, HKD, JPY, USD
    DATE = "date"  # 2026-03-02, with the day of the week
    TIME = "time"  # 14:30 as half past two in the afternoon
    TIME_24 = "time-24"  # 14:30 as fourteen thirty
    MOMENT = "moment"  # 2026-03-02T14:30, date and time
    MINUTES = "minutes"  # how long: "5 minutes"
    POSITION = "position"  # a whole sentence: the caller's place in the queue
    WAIT = "wait"  # a whole sentence: expected wait in seconds, "200", or between two, "100-200"


class CannotSay(CallCenterError):
    """A value cannot be read out as what it was called."""

    code = "cannot_say"
    http_status = 422


def prompts_for(kind: str, value: Sayable, language: str) -> list[str]:
    """Names of the pieces, without the language: ``["digits/1", "numbers/hundred"]``.

    ``kind`` is a :class:`SayKind`; ``value`` may be text, as a flow's variable holds it.

    Raises:
        CannotSay: one sentence: the value does not fit the kind, or kind or language is unknown.
    """
    grammar = _GRAMMARS.get(language)
    if grammar is None:
        raise CannotSay(f"Nothing can be read out in {language!r}; use {', '.join(_GRAMMARS)}.")
    if kind not in _WAYS:
        raise CannotSay(f"{kind!r} is no way to read something out; use {', '.join(SayKind)}.")
    return _WAYS[SayKind(kind)](grammar, value)


def wait_minutes(low: float, high: float) -> tuple[int, int]:
    """Whole minutes around an expected wait of so many seconds, as they are spoken: never fewer
    than the wait may last, so what is said holds at least as often as what was meant."""
    return int(low // 60), int(-(-high // 60))


def _wait(grammar: Grammar, value: Sayable) -> list[str]:
    first, interval, last = str(value).strip().partition("-")
    low, high = wait_minutes(_whole(first), _whole(last if interval else first))
    if high <= 1:
        return ["queue/wait-short"]
    if not interval:
        return ["queue/wait-before", *grammar.minutes(high), "queue/wait-after"]
    if low == 0:
        return ["queue/wait-under", *grammar.minutes(high), "queue/wait-under-after"]
    if low == high:
        return ["queue/wait-before", *grammar.minutes(high), "queue/wait-after"]
    return ["queue/wait-between", *grammar.between(low, high), "queue/wait-after"]


def _digits(value: Sayable) -> list[str]:
    text = re.sub(r"[\s().-]", "", str(value))
    if not text or not re.fullmatch(r"[0-9+*#]{1,64}", text):
        raise CannotSay(f"{value!s:.40} cannot be read out digit by digit.")
    return [_SIGNS.get(sign, f"digits/{sign}") for sign in text]


def _number(grammar: Grammar, value: Sayable) -> list[str]:
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        raise CannotSay(f"{text:.40} is no number that can be read out.")
    whole, _, fraction = text.lstrip("-").partition(".")
    spoken = grammar.decimal(int(whole), fraction) if fraction else grammar.number(int(whole))
    negative = text.startswith("-") and Decimal(text) != 0
    return ["numbers/minus", *spoken] if negative else spoken


def _whole(value: Sayable, least: int = 0) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= MOST:
        raise CannotSay(f"{text:.40} is no whole number of {least} or more.")
    return int(text)


def _amount(value: Sayable) -> Amount:
    words = str(value).split()
    if len(words) == 2 and words[0].upper() in CURRENCIES:
        words.reverse()
    try:
        number, currency = Decimal(words[0]), words[1].upper()
        places = CURRENCIES[currency]
    except (ValueError, KeyError, IndexError, InvalidOperation):
        raise CannotSay(
            f"{value!s:.40} is no sum of money; write it like '12.50 CNY' with one of"
            f" {', '.join(CURRENCIES)}."
        ) from None
    if not number.is_finite() or abs(number) > MOST:
        raise CannotSay(f"{value!s:.40} is more money than can be read out.")
    number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, part = divmod(int(abs(number).scaleb(places)), 10**places)
    return Amount(currency=currency, whole=whole, part=part, negative=number < 0)


def _moment(value: Sayable) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise CannotSay(f"{value!s:.40} is no date; write it like 2026-03-02.") from None


def _time(value: Sayable) -> time:
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    text = str(value).strip()
    try:
        return _moment(text).time() if "T" in text or " " in text else time.fromisoformat(text)
    except ValueError:
        raise CannotSay(f"{text:.40} is no time of day; write it like 14:30.") from None


def _moment_spoken(grammar: Grammar, value: Sayable) -> list[str]:
    moment = _moment(value)
    return [*grammar.date(moment.date()), *grammar.time(moment.time(), hours=12)]


def _position(grammar: Grammar, value: Sayable) -> list[str]:
    place = grammar.position(_whole(value, least=1))
    return ["queue/position-before", *place, "queue/position-after"]


_WAYS: dict[SayKind, Callable[[Grammar, Sayable], list[str]]] = {
    SayKind.DIGITS: lambda _, value: _digits(value),
    SayKind.NUMBER: _number,
    SayKind.ORDINAL: lambda grammar, value: grammar.ordinal(_whole(value, least=1)),
    SayKind.MONEY: lambda grammar, value: grammar.money(_amount(value)),
    SayKind.DATE: lambda grammar, value: grammar.date(_moment(value).date()),
    SayKind.TIME: lambda grammar, value: grammar.time(_time(value), hours=12),
    SayKind.TIME_24: lambda grammar, value: grammar.time(_time(value), hours=24),
    SayKind.MOMENT: _moment_spoken,
    SayKind.MINUTES: lambda grammar, value: grammar.minutes(_whole(value)),
    SayKind.POSITION: _position,
    SayKind.WAIT: _wait,
}
