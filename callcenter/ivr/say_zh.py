"""Mandarin: 一千零一, 两万二千 as 两万两千, 十二元五角, 下午两点零五分. Pure.

One 零 stands for any zeros between digits of a number, none for those at the end of a group of
four. 二 is 两 before 千, 万, 亿 and before what is counted, and stays 二 before 十 and 百.
"""

from datetime import date, time

from callcenter.ivr.grammar import Amount, digit_by_digit

_TWO = "numbers/liang"
_ZERO = "digits/0"
_PLACES = ((1000, "numbers/thousand"), (100, "numbers/hundred"), (10, "numbers/10"))
_GROUPS = ((10**8, "numbers/yi"), (10**4, "numbers/wan"), (1, ""))


class Chinese:
    """See :class:`callcenter.ivr.grammar.Grammar`."""

    def number(self, number: int) -> list[str]:
        """Groups of four digits; 十五 has no 一 at the very front."""
        spoken: list[str] = []
        skipped = False  # a whole group of zeros
        for size, name in _GROUPS:
            group, number = divmod(number, size)
            if not group:
                skipped = True
                continue
            if spoken and (skipped or group < 1000):
                spoken.append(_ZERO)
            skipped = False
            if group == 2 and name:
                spoken.append(_TWO)
            else:
                spoken += _group(group, first=not spoken)
            spoken += [name] if name else []
        return spoken or [_ZERO]

    def decimal(self, whole: int, fraction: str) -> list[str]:
        """三点一四."""
        return [*self.number(whole), "numbers/point", *digit_by_digit(fraction)]

    def ordinal(self, number: int) -> list[str]:
        """第二."""
        return ["numbers/ordinal", *self.number(number)]

    def position(self, number: int) -> list[str]:
        """您排在第二位: an ordinal, so 二."""
        return self.number(number)

    def minutes(self, number: int) -> list[str]:
        """两分钟."""
        return [*self._counted(number), "units/minutes"]

    def between(self, low: int, high: int) -> list[str]:
        """两到四分钟."""
        return [*self._counted(low), "queue/wait-and", *self.minutes(high)]

    def money(self, amount: Amount) -> list[str]:
        """十二元五角, 十二元零五分; dollars have cents: 十二美元五十美分."""
        spoken = ["numbers/minus"] if amount.negative else []
        if amount.whole or not amount.part:
            spoken += [*self._counted(amount.whole), f"money/{amount.currency}"]
        if not amount.part:
            return spoken
        if amount.currency == "USD":
            return [*spoken, *self._counted(amount.part), "cents/USD"]
        tenths, hundredths = divmod(amount.part, 10)
        if tenths:
            two = tenths == 2 and not amount.whole
            spoken += [_TWO if two else f"digits/{tenths}", "money/jiao"]
        elif amount.whole:
            spoken.append(_ZERO)
        if hundredths:
            two = hundredths == 2 and not amount.whole and not tenths
            spoken += [_TWO if two else f"digits/{hundredths}", "money/fen"]
        return spoken

    def date(self, day: date) -> list[str]:
        """二零二六年三月二日星期一."""
        return [
            *digit_by_digit(str(day.year)),
            "units/year",
            f"months/{day.month}",
            *self.number(day.day),
            "units/day",
            f"weekdays/{day.isoweekday()}",
        ]

    def time(self, moment: time, *, hours: int) -> list[str]:
        """下午两点三十分, 两点零五分, 两点整."""
        hour = moment.hour
        spoken = []
        if hours == 12:
            spoken.append(f"times/{_part_of_day(hour)}")
            hour = hour - 12 if hour > 12 else hour
        spoken += [*self._counted(hour), "units/hour"]
        if not moment.minute:
            return [*spoken, "times/sharp"]
        zero = [_ZERO] * (moment.minute < 10)
        return [*spoken, *zero, *self.number(moment.minute), "units/minute"]

    def _counted(self, number: int) -> list[str]:
        return [_TWO] if number == 2 else self.number(number)


def _part_of_day(hour: int) -> str:
    for until, name in ((6, "small-hours"), (12, "morning"), (13, "noon"), (18, "afternoon")):
        if hour < until:
            return name
    return "evening"


def _group(number: int, *, first: bool) -> list[str]:
    """One to 9999; ``first`` says that nothing stands before it."""
    spoken: list[str] = []
    gap = False
    for size, name in _PLACES:
        digit, number = divmod(number, size)
        if not digit:
            gap = bool(spoken)
            continue
        spoken += [_ZERO] * gap
        gap = False
        if not (digit == 1 and size == 10 and first and not spoken):
            spoken.append(_TWO if digit == 2 and size == 1000 else f"digits/{digit}")
        spoken.append(name)
    if number:
        spoken += [_ZERO] * gap
        spoken.append(f"digits/{number}")
    return spoken
