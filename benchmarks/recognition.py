"""How many characters are recognised wrongly: in scans that are drawn here from fonts, and in recordings.

    python -m benchmarks.recognition --scan en FONT.ttf --scan zh FONT.ttf [--recordings FOLDER]

A scan is a letter drawn with the font at 150 dots an inch, turned by 0.7 degrees, blurred, with noise and uneven light,
and stored as JPEG. A folder of recordings has a text file beside each sound, with the same name. Each file is read
as an upload is read. Prints JSON: the character error rate (edits for each character of the text, without marks
and case), the lines below the threshold of confidence, and the seconds that reading took.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

import numpy as np  # noqa: E402
from PIL import Image, ImageDraw, ImageFilter, ImageFont  # noqa: E402

from personas.importers.media import recognition  # noqa: E402
from personas.reading import parsing  # noqa: E402

_PAGE = (1240, 1754)
_MARGIN = 130
_LETTERS = {
    "en": (
        "My dear Ruth,\nThe bees came through the winter after all. I opened the second hive on Tuesday, the "
        "first warm day, and they were so loud that I heard them before I had the roof off. Your father always "
        "said that a quiet hive is a bad sign, and I think of him when I stand there with the smoke in my "
        "eyes.\nThe roof of the barn needs eleven new slates. Mr Hallam wants forty pounds for it, which is "
        "robbery, but he is coming on the 14th because nobody else will climb up there. If you come in May, bring"
        " the blue jacket: the evenings are cold by the water.\nI found the photograph that you asked about. It "
        "was in the drawer with the string and the old keys, between two bills from 1968. You are standing on the"
        " wall, and you look as if you were about to jump.\nWrite soon, and tell me about the new flat.\nYour "
        "loving grandfather"
    ),
    "zh": (
        "亲爱的小云：\n蜜蜂总算熬过了冬天。星期二天气转暖，我打开第二个蜂箱，还没有揭开盖子就听见它们的声音。你父亲常说，"
        "安静的蜂箱不是好兆头。每次我站在那里，烟熏着眼睛，就会想起他。\n谷仓的屋顶要换十一片瓦。老赵要四十块钱，太贵了，"
        "可是别人都不愿意爬上去，所以他十四号来。你五月回来的时候，记得带上那件蓝色的外套，水边的晚上很冷。\n你问的那张照片"
        "我找到了。它在抽屉里，和绳子、旧钥匙放在一起，夹在两张账单中间。你站在墙上，好像马上就要跳下来。\n快点写信，"
        "告诉我新房子怎么样。\n爱你的爷爷"
    ),
}


def scan(language: str, font: str) -> bytes:
    """A letter as a scanned page, in JPEG."""
    letters = ImageFont.truetype(font, 40)
    page = Image.new("L", _PAGE, 246)
    draw, top = ImageDraw.Draw(page), _MARGIN
    for line in _wrapped(_LETTERS[language], letters):
        draw.text((_MARGIN, top), line, fill=48, font=letters)
        top += 60
    page = page.rotate(0.7, fillcolor=246, resample=Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6))
    pixels = np.asarray(page, dtype=np.float32)  # [height, width]
    shade = np.linspace(0.9, 1.0, pixels.shape[1], dtype=np.float32)
    noise = np.random.default_rng(1).normal(0, 6, pixels.shape)
    target = io.BytesIO()
    Image.fromarray(np.clip(pixels * shade + noise, 0, 255).astype(np.uint8)).save(target, "JPEG", quality=80)
    return target.getvalue()


def _wrapped(text: str, letters: ImageFont.FreeTypeFont) -> list[str]:
    lines = []
    for paragraph in text.split("\n"):
        words = paragraph.split(" ") if " " in paragraph else list(paragraph)
        joint = " " if " " in paragraph else ""
        line = words[0]
        for word in words[1:]:
            if letters.getlength(line + joint + word) > _PAGE[0] - 2 * _MARGIN:
                lines.append(line)
                line = word
            else:
                line += joint + word
        lines.append(line)
    return lines


def compared(text: str, *, has_blanks: bool) -> str:
    """The letters and digits of a text, in one case, and one blank between words if its script has blanks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(character if character.isalnum() or character.isspace() else "" for character in folded).split()
    return (" " if has_blanks else "").join(words)


def edits(one: str, other: str) -> int:
    """The Levenshtein distance."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, start=1):
        before, row[0] = row[0], number
        for place, candidate in enumerate(other, start=1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (character != candidate)),
            )
    return row[-1]


def measured(content: bytes, expected: str) -> dict[str, Any]:
    began = time.monotonic()
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        with parsing.opened(file, name="file") as reading:
            text = " ".join(utterance.text for utterance in reading)
    lines = [(found.medium, line) for found in reading.recognitions for line in found.lines]
    has_blanks = " " in expected
    right, wanted = compared(text, has_blanks=has_blanks), compared(expected, has_blanks=has_blanks)
    return {
        "characters": len(wanted),
        "error_rate": round(edits(wanted, right) / len(wanted), 4),
        "lines": len(lines),
        "unsure_lines": sum(recognition.is_unsure(medium, line.confidence) for medium, line in lines),
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scan", nargs=2, action="append", default=[], metavar=("LANGUAGE", "FONT"))
    parser.add_argument("--recordings", type=Path)
    options = parser.parse_args()
    report = {}
    for language, font in options.scan:
        report[f"{language} {Path(font).stem}"] = measured(scan(language, font), _LETTERS[language])
    for text in sorted(options.recordings.glob("*.txt")) if options.recordings else []:
        sound = next(path for path in text.parent.glob(f"{text.stem}.*") if path != text)
        report[sound.name] = measured(sound.read_bytes(), text.read_text(encoding="utf-8"))
    json.dump(report, sys.stdout, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    main()
