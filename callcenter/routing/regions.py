"""Where a number belongs: country, province, city. Pure; the data is that of ``phonenumbers``.

Its geocoder parses and then walks the same table that is read here (17 µs against about 1 µs). The
table takes 100 MB and a second to load, so that is done by :func:`prepare`, in the thread that
loads the settings, and only where somebody routes or blocks by region.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from callcenter.kernel.errors import Refused
from callcenter.routing.model import Region

_LONGEST = 9
_PROVINCE_ZH = re.compile(r"^(.+?(?:省|自治区|特别行政区)|内蒙古|广西|西藏|宁夏|新疆)(.+)$")
_PROVINCE_ENDS = re.compile(r"(?:省|市|自治区|特别行政区)$")
_CODES = {str(code): regions for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}
_Names = Mapping[str, str]


@lru_cache(maxsize=1)
def prepare() -> Mapping[str, _Names]:
    """Load the table (blocking, about a second)."""
    from phonenumbers.geodata import GEOCODE_DATA

    table: Mapping[str, _Names] = GEOCODE_DATA
    return table


def is_prepared() -> bool:
    """Whether :func:`region_of` answers at once."""
    return prepare.cache_info().currsize > 0


def region_of(key: str) -> Region | None:
    """Region of a key (:mod:`dialling`); ``None`` when not even the country is known."""
    if not key[1:].isdigit() or not key.isascii():
        return None
    country = _country(key)
    return _described(country, key[: _LONGEST + 1]) if country else None


@lru_cache(maxsize=65536)
def _described(country: str, beginning: str) -> Region:
    table, digits = prepare(), beginning[1:]
    for length in range(len(digits), 0, -1):
        if names := table.get(digits[:length]):
            return _region(country, names.get("en", ""), _local(names))
    return _region(country, "", "")


def region_label(typed: str) -> str:
    """A region as a rule stores it: ``cn``, ``cn/guangdong``, ``cn/广东/佛山`` ...

    Raises:
        Refused: there is no such region; says what there is.
    """
    parts = [part.strip() for part in typed.replace(",", "/").split("/")]
    label = "/".join([parts[0].casefold(), *(_bare(part) for part in parts[1:])])
    if "/" not in label:
        _code(label)
        return label
    if label not in _labels(_code(parts[0])):
        raise Refused(
            f"{typed!r} is no region; write a country like CN, or CN/Guangdong, CN/广东/佛山, "
            "JP/Hokkaido/Sapporo as the numbering plans name them."
        )
    return label


@lru_cache(maxsize=16)
def _labels(code: int) -> frozenset[str]:
    known: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for digits, names in prepare().items():
        if not digits.startswith(str(code)):
            continue
        both = (names.get("en", ""), _local(names))
        if both not in seen:
            seen.add(both)
            for country in _CODES[str(code)]:
                known |= set(_region(country, *both).labels)
    return frozenset(known)


def _code(country: str) -> int:
    from phonenumbers import country_code_for_region

    code = country_code_for_region(country.upper())
    if not code:
        raise Refused(f"{country!r} is no country; write two letters like CN, JP or US.")
    return int(code)


def _local(names: _Names) -> str:
    return names.get("zh") or names.get("ja") or ""


@lru_cache(maxsize=8192)
def _region(country: str, english: str, local: str) -> Region:
    city, comma, province = (part.strip() for part in english.rpartition(","))
    city = city if comma else province
    labels: list[str] = []
    for first, second in ((province, city), _split(local)):
        if first and second:
            labels.append("/".join((country, _bare(first), _bare(second))))
    for first, _ in ((province, city), _split(local)):
        if first:
            labels.append("/".join((country, _bare(first))))
    labels.append(country)
    lowered = tuple(dict.fromkeys(label.casefold() for label in labels))
    return Region(country=country, province=province, city=city, labels=lowered)


def _split(local: str) -> tuple[str, str]:
    """Province and city; a name alone is a municipality or a prefecture, and is both."""
    found = _PROVINCE_ZH.match(local)
    return (found[1], found[2]) if found else (local, local)


def _bare(name: str) -> str:
    """A name without what it may be written with or without: 广东省 and 广东 are the same."""
    return _PROVINCE_ENDS.sub("", name.strip()).casefold()


def _country(key: str) -> str:
    """ISO code; of codes that countries share (+1, +7, +44 ...) the whole number tells."""
    for length in (1, 2, 3):
        regions = _CODES.get(key[1 : 1 + length])
        if regions:
            return regions[0] if len(regions) == 1 else _shared(key, regions[0])
    return ""


@lru_cache(maxsize=65536)
def _shared(key: str, first: str) -> str:
    from phonenumbers import NumberParseException, parse, region_code_for_number

    try:
        return str(region_code_for_number(parse(key)) or first)
    except NumberParseException:
        return first
