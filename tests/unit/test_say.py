"""Q3, I2: numbers, money, dates and times as they are spoken, against tables written by hand.

A table's right side is what one hears: the texts of the pieces, put together.
"""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from callcenter.ivr import speech
from callcenter.ivr.say import CannotSay, SayKind, prompts_for

TEXTS = {prompt.name: prompt.text for prompt in speech.read_catalogue()} | {
    prompt.name: prompt.text for prompt in speech.read_pieces()
}


def spoken(kind: str, value: object, language: str) -> str:
    """What one hears, written down."""
    names = prompts_for(kind, value, language)  # type: ignore[arg-type]
    words = [TEXTS[f"{language}/{name}"] for name in names]
    return (" " if language == "en" else "").join(words)


CHINESE = {
    0: "零", 1: "一", 2: "二", 9: "九", 10: "十", 11: "十一", 12: "十二", 20: "二十", 22: "二十二",
    99: "九十九", 100: "一百", 101: "一百零一", 102: "一百零二", 110: "一百一十",
    111: "一百一十一", 115: "一百一十五", 200: "二百", 222: "二百二十二", 1000: "一千",
    1001: "一千零一", 1010: "一千零一十", 1011: "一千零一十一", 1100: "一千一百",
    1101: "一千一百零一", 2000: "两千", 2002: "两千零二", 2222: "两千二百二十二", 10000: "一万",
    10001: "一万零一", 10010: "一万零一十", 10100: "一万零一百", 11000: "一万一千", 20000: "两万",
    22000: "两万两千", 100000: "十万", 100010: "十万零一十", 110000: "十一万", 120000: "十二万",
    1020000: "一百零二万", 1000100: "一百万零一百", 10001000: "一千万一千", 20000000: "两千万",
    100000000: "一亿", 100000001: "一亿零一", 100010000: "一亿零一万", 100001000: "一亿零一千",
    110000000: "一亿一千万", 200000000: "两亿", 1000000000: "十亿",
    1234567890: "十二亿三千四百五十六万七千八百九十", 2000000002: "二十亿零二",
}  # fmt: skip
JAPANESE = {
    0: "ぜろ", 1: "いち", 4: "よん", 7: "なな", 9: "きゅう", 10: "じゅう", 14: "じゅうよん",
    20: "にじゅう", 99: "きゅうじゅうきゅう", 100: "ひゃく", 300: "さんびゃく", 600: "ろっぴゃく",
    800: "はっぴゃく", 101: "ひゃくいち", 365: "さんびゃくろくじゅうご", 1000: "せん",
    1001: "せんいち", 3000: "さんぜん", 8000: "はっせん", 3600: "さんぜんろっぴゃく",
    8888: "はっせんはっぴゃくはちじゅうはち", 10000: "いちまん", 10001: "いちまんいち",
    14000: "いちまんよんせん", 100000: "じゅうまん", 1000000: "ひゃくまん",
    10000000: "いっせんまん", 13000000: "いっせんさんびゃくまん", 100000000: "いちおく",
    1000000000: "じゅうおく", 300000600: "さんおくろっぴゃく", 100000000000: "いっせんおく",
}  # fmt: skip
ENGLISH = {
    0: "zero", 1: "one", 10: "ten", 13: "thirteen", 20: "twenty", 21: "twenty one",
    99: "ninety nine", 100: "one hundred", 101: "one hundred and one",
    105: "one hundred and five", 110: "one hundred and ten", 999: "nine hundred and ninety nine",
    1000: "one thousand", 1001: "one thousand and one", 1100: "one thousand one hundred",
    1105: "one thousand one hundred and five", 20000: "twenty thousand",
    100000: "one hundred thousand", 1000000: "one million", 1000001: "one million and one",
    1001000: "one million one thousand", 2000000000: "two billion",
    123456789: "one hundred and twenty three million four hundred and fifty six thousand "
    "seven hundred and eighty nine",
}  # fmt: skip
NUMBERS = [
    (number, language, text)
    for language, table in (("zh", CHINESE), ("ja", JAPANESE), ("en", ENGLISH))
    for number, text in table.items()
]


@pytest.mark.parametrize(("number", "language", "text"), NUMBERS)
def test_numbers(number: int, language: str, text: str) -> None:
    assert spoken("number", number, language) == text
    assert spoken("number", str(number), language) == text


@pytest.mark.parametrize(
    ("value", "zh", "ja", "en"),
    [
        ("-5", "负五", "まいなすご", "minus five"),
        ("-0", "零", "ぜろ", "zero"),
        ("3.14", "三点一四", "さんてんいちよん", "three point one four"),
        ("0.5", "零点五", "れいてんご", "zero point five"),
        ("-20.05", "负二十点零五", "まいなすにじゅうてんぜろご", "minus twenty point zero five"),
    ],
)
def test_signs_and_fractions(value: str, zh: str, ja: str, en: str) -> None:
    assert [spoken("number", value, language) for language in ("zh", "ja", "en")] == [zh, ja, en]


MONEY = [
    ("12.50 CNY", "zh", "十二元五角"),
    ("12.05 CNY", "zh", "十二元零五分"),
    ("12.55 CNY", "zh", "十二元五角五分"),
    ("2 CNY", "zh", "两元"),
    ("22 CNY", "zh", "二十二元"),
    ("200 CNY", "zh", "二百元"),
    ("0.20 CNY", "zh", "两角"),
    ("2.22 CNY", "zh", "两元二角二分"),
    ("0.02 CNY", "zh", "两分"),
    ("0 CNY", "zh", "零元"),
    ("-1001 CNY", "zh", "负一千零一元"),
    ("12.50 USD", "zh", "十二美元五十美分"),
    ("2.02 USD", "zh", "两美元两美分"),
    ("1000 JPY", "zh", "一千日元"),
    ("88.80 HKD", "zh", "八十八港元八角"),
    ("1204 JPY", "ja", "せんにひゃくよえん"),
    ("4 JPY", "ja", "よえん"),
    ("14 JPY", "ja", "じゅうよえん"),
    ("40 JPY", "ja", "よんじゅうえん"),
    ("10000 JPY", "ja", "いちまんえん"),
    ("12.50 CNY", "ja", "じゅうにてんごげん"),
    ("12 CNY", "ja", "じゅうにげん"),
    ("3.30 USD", "ja", "さんどるさんじゅうせんと"),
    ("600 HKD", "ja", "ろっぴゃくほんこんどる"),
    ("12.50 USD", "en", "twelve dollars and fifty cents"),
    ("1 USD", "en", "one dollar"),
    ("1.01 USD", "en", "one dollar and one cent"),
    ("0.50 USD", "en", "fifty cents"),
    ("USD 2", "en", "two dollars"),
    ("1 CNY", "en", "one yuan"),
    ("12.5 CNY", "en", "twelve yuan and fifty fen"),
    ("105 JPY", "en", "one hundred and five yen"),
    ("99.5 jpy", "en", "one hundred yen"),
    ("2 HKD", "en", "two Hong Kong dollars"),
]


@pytest.mark.parametrize(("value", "language", "text"), MONEY)
def test_money(value: str, language: str, text: str) -> None:
    assert spoken("money", value, language) == text


DATES = [
    ("2026-03-02", "zh", "二零二六年三月二日星期一"),
    ("2000-12-31", "zh", "二零零零年十二月三十一日星期日"),
    ("2026-10-10", "zh", "二零二六年十月十日星期六"),
    ("2026-03-02", "ja", "にせんにじゅうろくねんさんがつふつかげつようび"),
    ("2024-04-20", "ja", "にせんにじゅうよねんしがつはつかどようび"),
    ("2026-09-14", "ja", "にせんにじゅうろくねんくがつじゅうよっかげつようび"),
    ("2026-03-02", "en", "Monday March second twenty twenty six"),
    ("2005-07-31", "en", "Sunday July thirty first two thousand and five"),
    ("1999-01-20", "en", "Wednesday January twentieth nineteen ninety nine"),
    ("1905-05-05", "en", "Friday May fifth nineteen oh five"),
    ("2000-02-12", "en", "Saturday February twelfth two thousand"),
    ("1900-01-01", "en", "Monday January first nineteen hundred"),
]


@pytest.mark.parametrize(("value", "language", "text"), DATES)
def test_dates(value: str, language: str, text: str) -> None:
    assert spoken("date", value, language) == text
    assert spoken("date", date.fromisoformat(value), language) == text


TIMES = [
    ("14:30", "zh", "下午两点三十分", "十四点三十分"),
    ("02:05", "zh", "凌晨两点零五分", "两点零五分"),
    ("12:00", "zh", "中午十二点整", "十二点整"),
    ("00:10", "zh", "凌晨零点十分", "零点十分"),
    ("09:00", "zh", "上午九点整", "九点整"),
    ("22:22", "zh", "晚上十点二十二分", "二十二点二十二分"),
    ("14:30", "ja", "ごごにじさんじゅっぷん", "じゅうよじさんじゅっぷん"),
    ("04:04", "ja", "ごぜんよじよんぷん", "よじよんぷん"),
    ("07:10", "ja", "ごぜんしちじじゅっぷん", "しちじじゅっぷん"),
    ("21:06", "ja", "ごごくじろっぷん", "にじゅういちじろっぷん"),
    ("12:00", "ja", "ごごれいじ", "じゅうにじ"),
    ("00:51", "ja", "ごぜんれいじごじゅういっぷん", "れいじごじゅういっぷん"),
    ("14:30", "en", "two thirty p. m.", "fourteen thirty"),
    ("02:05", "en", "two oh five a. m.", "two oh five"),
    ("12:00", "en", "noon", "twelve hundred"),
    ("00:00", "en", "midnight", "zero hundred"),
    ("00:30", "en", "twelve thirty a. m.", "zero thirty"),
    ("15:00", "en", "three p. m.", "fifteen hundred"),
    ("12:41", "en", "twelve forty one p. m.", "twelve forty one"),
]


@pytest.mark.parametrize(("value", "language", "twelve", "full"), TIMES)
def test_times(value: str, language: str, twelve: str, full: str) -> None:
    assert spoken("time", value, language) == twelve
    assert spoken("time-24", value, language) == full
    assert spoken("time", time.fromisoformat(value), language) == twelve


@pytest.mark.parametrize(
    ("kind", "value", "zh", "ja", "en"),
    [
        ("ordinal", 2, "第二", "にばんめ", "second"),
        ("ordinal", 21, "第二十一", "にじゅういちばんめ", "twenty first"),
        ("ordinal", 112, "第一百一十二", "ひゃくじゅうにばんめ", "one hundred and twelfth"),
        ("ordinal", 1000, "第一千", "せんばんめ", "one thousandth"),
        ("minutes", 1, "一分钟", "いっぷん", "one minute"),
        ("minutes", 2, "两分钟", "にふん", "two minutes"),
        ("minutes", 10, "十分钟", "じゅっぷん", "ten minutes"),
        ("minutes", 106, "一百零六分钟", "ひゃくろっぷん", "one hundred and six minutes"),
        ("minutes", 0, "零分钟", "ぜろふん", "zero minutes"),
        ("position", 2, "您排在第二位。", "ただいまにばんめです。",
         "You are number two in the queue."),
        ("wait", 121, "预计等待时间约三分钟感谢您的耐心等待。",
         "まちじかんは およそさんぷんです。",
         "The expected wait is about three minutes Thank you for your patience."),
        ("wait", 30, "预计一分钟左右即可为您服务。", "まもなく おつなぎします。",
         "You will be served in about a minute."),
        ("wait", "20-59", "预计一分钟左右即可为您服务。", "まもなく おつなぎします。",
         "You will be served in about a minute."),
        ("wait", "45-130", "预计等待时间不超过三分钟感谢您的耐心等待。",
         "まちじかんはさんぷんいないの みこみです。",
         "The expected wait is less than three minutes Thank you for your patience."),
        ("wait", "150-239", "预计等待时间为两到四分钟感谢您的耐心等待。",
         "まちじかんはにふんからよんぷんです。",
         "The expected wait is between two and four minutes Thank you for your patience."),
        ("wait", "120-120", "预计等待时间约两分钟感谢您的耐心等待。",
         "まちじかんは およそにふんです。",
         "The expected wait is about two minutes Thank you for your patience."),
        ("digits", "4008", "四零零八", "よんぜろぜろはち", "four zero zero eight"),
        ("digits", "+86 *#", "加八六星号井号", "ぷらすはちろくこめじるししゃーぷ",
         "plus eight six star hash"),
    ],
)  # fmt: skip
def test_other_kinds(kind: str, value: object, zh: str, ja: str, en: str) -> None:
    assert [spoken(kind, value, language) for language in ("zh", "ja", "en")] == [zh, ja, en]


def test_a_moment_is_date_and_time() -> None:
    moment = datetime(2026, 3, 2, 14, 30)  # noqa: DTZ001  a wall clock's time
    for value in (moment, "2026-03-02T14:30", "2026-03-02 14:30"):
        assert spoken("moment", value, "zh") == "二零二六年三月二日星期一下午两点三十分"


@pytest.mark.parametrize(
    ("kind", "value", "language"),
    [
        ("number", "twelve", "en"),
        ("number", "", "zh"),
        ("number", "1" * 13, "en"),
        ("number", "٣", "en"),
        ("money", "12", "en"),
        ("money", "12 EUR", "en"),
        ("money", "nan CNY", "zh"),
        ("money", "1e30 CNY", "zh"),
        ("date", "2026-02-30", "ja"),
        ("time", "25:00", "en"),
        ("digits", "12a", "en"),
        ("digits", "", "en"),
        ("ordinal", 0, "en"),
        ("position", -1, "en"),
        ("song", "1", "en"),
        ("number", "1", "fr"),
    ],
)
def test_what_cannot_be_said_is_one_sentence(kind: str, value: object, language: str) -> None:
    with pytest.raises(CannotSay) as refused:
        prompts_for(kind, value, language)  # type: ignore[arg-type]
    assert str(refused.value).endswith(".")


LANGUAGES = some.sampled_from(speech.LANGUAGES)


@given(some.integers(0, 10**9), LANGUAGES)
def test_every_number_has_its_pieces(number: int, language: str) -> None:
    for kind in ("number", "ordinal", "minutes", "digits"):
        assert spoken(kind, max(1, number), language)


@given(some.decimals(-(10**9), 10**9, places=2), LANGUAGES)
def test_every_sum_has_its_pieces(amount: object, language: str) -> None:
    for currency in ("CNY", "HKD", "JPY", "USD"):
        assert spoken("money", f"{amount} {currency}", language)


@given(some.datetimes(), LANGUAGES)
def test_every_moment_has_its_pieces(moment: datetime, language: str) -> None:
    for kind in ("moment", "date", "time", "time-24"):
        assert spoken(kind, moment, language)


@given(some.text(max_size=20), LANGUAGES, some.sampled_from(SayKind))
def test_any_text_is_said_or_refused(text: str, language: str, kind: SayKind) -> None:
    try:
        names = prompts_for(kind, text, language)
    except CannotSay:
        return
    assert {f"{language}/{name}" for name in names} <= TEXTS.keys()


def test_no_piece_is_never_used() -> None:
    used = {
        f"{language}/{name}"
        for language in speech.LANGUAGES
        for kind, values in {
            "number": [*range(1000), *range(1000, 10000, 1000), 20000, "-1.5", "0.5"],
            "large": [10**n for n in range(12)],
            "ordinal": [*range(1, 120), 1000, 10**6, 10**9],
            "minutes": range(100),
            "digits": ["+*#"],
            "money": [f"{n} {c}" for n in ("1.01", "2.22") for c in ("CNY", "USD", "HKD", "JPY")]
            + ["4 JPY"],
            "date": [f"2026-{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)]
            + [f"2026-01-{d}" for d in (29, 30, 31)] + ["1905-01-01"],
            "time": [f"{h:02}:{m:02}" for h in range(24) for m in range(60)],
            "time-24": [f"{h:02}:{m:02}" for h in range(24) for m in range(60)],
            "position": [1],
            "wait": [1, 200, "1-200", "100-200"],
        }.items()
        for value in values
        for name in prompts_for("number" if kind == "large" else kind, value, language)
    }  # fmt: skip
    assert {prompt.name for prompt in speech.read_pieces()} - used == set()
