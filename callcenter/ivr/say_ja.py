"""Japanese: さんびゃく, いっせんまん, ごごよじじゅっぷん, みっか. Pure.

Where a counter changes the sound of the number, number and counter are one piece (hours, minutes,
days, months, hundreds, thousands). Four is よ before 円 and 年.
"""

from datetime import date, time

from callcenter.ivr.grammar import Amount, digit_by_digit

_GROUPS = ((10**8, "numbers/oku"), (10**4, "numbers/man"), (1, ""))


class Japanese:
    """See :class:`callcenter.ivr.grammar.Grammar`."""

    def number(self, number: int) -> list[str]:
        """Groups of four digits."""
        spoken: list[str] = []
        for size, name in _GROUPS:
            group, number = divmod(number, size)
            if group:
                spoken += [*_group(group, counted=bool(name)), *([name] if name else [])]
        return spoken or ["digits/0"]

    def decimal(self, whole: int, fraction: str) -> list[str]:
        """れいてんご: a zero before the point is れい."""
        before = self.number(whole) if whole else ["numbers/rei"]
        return [*before, "numbers/point", *digit_by_digit(fraction)]

    def ordinal(self, number: int) -> list[str]:
        """さんばんめ."""
        return [*self.number(number), "numbers/ordinal"]

    def position(self, number: int) -> list[str]:
        """ただいま 三 番目です."""
        return self.number(number)

    def minutes(self, number: int) -> list[str]:
        """さんぷん, じゅっぷん; above 99 the last two digits carry the counter."""
        last = number % 100
        if not number or not last:
            return [*self.number(number), "units/minutes"]
        before = self.number(number - last) if number > last else []
        return [*before, *_minutes(last)]

    def between(self, low: int, high: int) -> list[str]:
        """にふんから よんぷん."""
        return [*self.minutes(low), "queue/wait-and", *self.minutes(high)]

    def money(self, amount: Amount) -> list[str]:
        """せんにひゃくよえん; dollars have cents, yuan a point."""
        spoken = ["numbers/minus"] if amount.negative else []
        if amount.currency == "CNY" and amount.part:
            part = f"{amount.part:02}".rstrip("0")
            return [*spoken, *self.decimal(amount.whole, part), "money/CNY"]
        if amount.whole or not amount.part:
            whole = self.number(amount.whole)
            if amount.currency == "JPY":
                whole = _yo(whole)
            spoken += [*whole, f"money/{amount.currency}"]
        if amount.part:
            spoken += [*self.number(amount.part), "cents/USD"]
        return spoken

    def date(self, day: date) -> list[str]:
        """にせんにじゅうろくねん さんがつ ふつか げつようび."""
        return [
            *_yo(self.number(day.year)),
            "units/year",
            f"months/{day.month}",
            f"days/{day.day}",
            f"weekdays/{day.isoweekday()}",
        ]

    def time(self, moment: time, *, hours: int) -> list[str]:
        """ごご れいじ さんじゅっぷん; じゅうよじ."""
        minute = _minutes(moment.minute) if moment.minute else []
        if hours == 24:
            return [f"hours/{moment.hour}", *minute]
        half = "times/am" if moment.hour < 12 else "times/pm"
        return [half, f"hours/{moment.hour % 12}", *minute]


def _yo(spoken: list[str]) -> list[str]:
    return [*spoken[:-1], "numbers/yo"] if spoken[-1] == "digits/4" else spoken


def _minutes(number: int) -> list[str]:
    """One to 99 with the counter."""
    tens, ones = divmod(number, 10)
    if not ones:
        return [f"minutes/{number}"]
    return ([f"numbers/{tens * 10}"] if tens else []) + [f"minutes/{ones}"]


def _group(number: int, *, counted: bool) -> list[str]:
    """One to 9999; 1000 is いっせん where 万 or 億 follows."""
    spoken: list[str] = []
    for size in (1000, 100, 10):
        digit, number = divmod(number, size)
        if digit:
            issen = counted and size == 1000 and digit == 1
            spoken.append("numbers/issen" if issen else f"numbers/{digit * size}")
    return spoken + ([f"digits/{number}"] if number else [])
