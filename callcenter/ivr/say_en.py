"""English: "one hundred and five", "March second, twenty twenty-six", "two oh five p m". Pure."""

from datetime import date, time

from callcenter.ivr.grammar import Amount, digit_by_digit

_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_HAS_PLURAL = {"HKD", "USD"}


class English:
    """See :class:`callcenter.ivr.grammar.Grammar`."""

    def number(self, number: int) -> list[str]:
        """Scale by scale, with an "and" before the last two digits."""
        spoken: list[str] = []
        rest = number
        for size, name in _SCALES:
            if count := rest // size:
                spoken += [*_below_thousand(count), f"numbers/{name}"]
            rest %= size
        if spoken and 0 < rest < 100:
            spoken.append("numbers/and")
        if rest or not spoken:
            spoken += _below_thousand(rest)
        return spoken

    def decimal(self, whole: int, fraction: str) -> list[str]:
        """Three point one four."""
        return [*self.number(whole), "numbers/point", *digit_by_digit(fraction)]

    def ordinal(self, number: int) -> list[str]:
        """Only the last word changes: one hundred and first."""
        *before, last = self.number(number)
        name = last.partition("/")[2]
        return [*before, f"ordinals/{name}"]

    def position(self, number: int) -> list[str]:
        """You are number three in line."""
        return self.number(number)

    def minutes(self, number: int) -> list[str]:
        """One minute, two minutes."""
        return [*self.number(number), "units/minute" if number == 1 else "units/minutes"]

    def between(self, low: int, high: int) -> list[str]:
        """Two and four minutes, after "between"."""
        return [*self.number(low), "queue/wait-and", *self.minutes(high)]

    def money(self, amount: Amount) -> list[str]:
        """Twelve dollars and fifty cents."""
        spoken = ["numbers/minus"] if amount.negative else []
        if amount.whole or not amount.part:
            spoken += [*self.number(amount.whole), _unit("money", amount, amount.whole)]
        if amount.part:
            if amount.whole:
                spoken.append("numbers/and")
            spoken += [*self.number(amount.part), _unit("cents", amount, amount.part)]
        return spoken

    def date(self, day: date) -> list[str]:
        """Monday, March second, twenty twenty-six."""
        return [
            f"weekdays/{day.isoweekday()}",
            f"months/{day.month}",
            *self.ordinal(day.day),
            *self._year(day.year),
        ]

    def time(self, moment: time, *, hours: int) -> list[str]:
        """Two thirty p m, noon; fourteen thirty, fourteen hundred."""
        if hours == 24:
            minute = _minute(moment.minute) or ["numbers/hundred"]
            return [*self.number(moment.hour), *minute]
        if moment.minute == 0 and moment.hour % 12 == 0:
            return ["times/noon" if moment.hour else "times/midnight"]
        hour = self.number(moment.hour % 12 or 12)
        return [*hour, *_minute(moment.minute), "times/am" if moment.hour < 12 else "times/pm"]

    def _year(self, year: int) -> list[str]:
        century, rest = divmod(year, 100)
        if year < 1000 or (century % 10 == 0 and rest < 10):  # two thousand and five
            return self.number(year)
        tail = _minute(rest) or ["numbers/hundred"]
        return [*_below_hundred(century), *tail]


def _unit(kind: str, amount: Amount, count: int) -> str:
    plural = count != 1 and amount.currency in _HAS_PLURAL
    return f"{kind}/{amount.currency}{'-many' if plural else ''}"


def _minute(minute: int) -> list[str]:
    """Nothing, oh five, thirty."""
    if not minute:
        return []
    return ["digits/oh"] * (minute < 10) + _below_hundred(minute)


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    spoken = [f"digits/{hundreds}", "numbers/hundred"] if hundreds else []
    if hundreds and rest:
        spoken.append("numbers/and")
    return spoken + (_below_hundred(rest) if rest or not hundreds else [])


def _below_hundred(number: int) -> list[str]:
    if number < 10:
        return [f"digits/{number}"]
    if number < 20 or number % 10 == 0:
        return [f"numbers/{number}"]
    return [f"numbers/{number // 10 * 10}", f"digits/{number % 10}"]
