"""Pictures are made harmless."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from personas import avatars
from tests.contracts.test_importers import png


def picture(format: str, size=(900, 600), **options) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (90, 60, 30)).save(target, format, **options)
    return target.getvalue()


def made(raw: bytes) -> Image.Image:
    return Image.open(io.BytesIO(avatars.webp(io.BytesIO(raw), size=len(raw))))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_usual_format_becomes_a_small_webp(format):
    result = made(picture(format))
    assert (result.format, result.size) == ("WEBP", (512, 341))


def test_place_and_time_of_a_photograph_are_gone_and_it_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x9003] = "2023:06:15 21:41:07"
    raw = picture("JPEG", exif=exif, comment=b"my house")
    result = made(raw)
    assert result.size == (341, 512)
    assert not result.getexif()
    assert b"2023" not in avatars.webp(io.BytesIO(raw), size=len(raw))


def test_only_the_first_frame_of_a_moving_picture_is_kept():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    result = made(target.getvalue())
    assert getattr(result, "n_frames", 1) == 1
    assert result.convert("RGB").getpixel((10, 10))[0] > 200


def test_a_card_inside_a_picture_is_dropped():
    raw = png((b"tEXt", b"chara\0secret"))
    assert b"secret" not in avatars.webp(io.BytesIO(raw), size=len(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        picture("PNG")[:200],
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0) + b"bad!",
    ],
)
def test_what_is_no_picture_is_refused(raw):
    with pytest.raises(avatars.PictureRefused):
        avatars.webp(io.BytesIO(raw), size=len(raw))


@pytest.mark.parametrize(
    ("side", "sentence"),
    [(50_000, "far more than 40 million pixels"), (8_000, "8000 × 8000 pixels; the limit is 40 million")],
)
def test_a_picture_that_unpacks_to_a_gigabyte_is_refused_by_its_header(side, sentence):
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    raw = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    raw += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(avatars.PictureRefused, match=sentence):
        avatars.webp(io.BytesIO(raw), size=len(raw))


def test_a_picture_over_the_limit_is_refused_with_both_numbers():
    with pytest.raises(avatars.PictureRefused, match=r"31\.0 MB; the limit is 20 MB"):
        avatars.webp(io.BytesIO(b""), size=31 * 1024**2)


def test_eu4_the_mark_that_an_ai_made_a_picture_stays_and_other_metadata_goes():
    target = io.BytesIO()
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", f"<x>{avatars.AI_MARK.decode()} taken at Whitby</x>")
    Image.new("RGB", (40, 40), "teal").save(target, "PNG", pnginfo=info)
    kept = avatars.webp(target, size=target.tell())
    assert avatars.AI_MARK in kept
    assert b"Whitby" not in kept
    plain = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(plain, "PNG")
    assert avatars.AI_MARK not in avatars.webp(plain, size=plain.tell())
