"""Words of the hours in many languages: am and pm, 上午, μ.μ., and what they make of the number on the clock."""

# ruff: noqa: E501 - tables of words, several languages to a line

import re

_MORNING = {
    "am", "a.m.", "a.m", "上午", "凌晨", "清晨", "早上", "오전", "午前", "ص", "पूर्वाह्न", "π.μ.", "πμ", "öö", "de.",
    "sa", "ap.", "fm", "дп", "пр.об.", "fm.", "vm.", "ق.ظ.", "ق.ظ", "לפנה״צ", "לפנה\"צ", "म.पू.", "dop.", "ก่อนเที่ยง", "pd",
    "e paradites", "eparadites", "pg", "ጥዋት", "முற்பகல்", "ಪೂರ್ವಾಹ್ನ", "পূর্বাহ্ণ", "ਪੂ.ਦੁ.", "පෙ.ව.", "ព្រឹក", "ກ່ອນທ່ຽງ", "နံနက်", "f.h.", "r.n.", "to", "gh",
    "f.m.", "претпл.", "priekšp.", "p.d.", "priešpiet", "priekšpusdienā", "ү.ө.", "asubuhi",
}  # fmt: skip
_AFTERNOON = {
    "pm", "p.m.", "p.m", "下午", "傍晚", "晚上", "오후", "午後", "م", "अपराह्न", "μ.μ.", "μμ", "ös", "du.",
    "ch", "ip.", "em", "пп", "сл.об.", "em.", "nm.", "ب.ظ.", "ب.ظ", "אחה״צ", "אחה\"צ", "म.उ.", "pop.", "หลังเที่ยง", "md",
    "e pasdites", "epasdites", "ptg", "ከሰዓት", "பிற்பகல்", "ಅಪರಾಹ್ನ", "অপরাহ্ণ", "অপরাহ্ন", "ਬਾ.ਦੁ.", "ප.ව.", "ល្ងាច", "ຫຼັງທ່ຽງ", "ညနေ", "e.h.", "i.n.", "tk", "gn",
    "e.m.", "odp.", "попл.", "pēcp.", "m.d.", "popiet", "pēcpusdienā", "ү.х.", "alasiri",
}  # fmt: skip
_NOON = {"中午"}  # 11 to 1, by the hour
_MIDNIGHT = {"半夜"}

PERIOD = "|".join(
    re.escape(word).replace(r"\.", r"\.\ ?")
    for word in sorted(
        _MORNING | _AFTERNOON | _NOON | _MIDNIGHT,
        key=len,
        reverse=True,
    )
)


def hour_of(hour: int, period: str) -> int | None:
    """0 to 23, from the clock's number and the word beside it; None where there is no such hour."""
    period = period.casefold().replace(" ", "")
    if hour > 24:
        return None
    if period in _AFTERNOON and hour < 12:
        # 晚上 12 is midnight; every other 12 of an afternoon word is noon.
        return hour + 12
    if period == "晚上" and hour == 12:
        return 0
    if period in _NOON and hour < 10:
        return hour + 12
    if period in _MORNING | _MIDNIGHT and hour == 12:
        return 0
    return hour % 24
