"""Pictures from strangers, made harmless: only the pixels of the first frame survive."""

import io
import warnings
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 512  # pixels, of the longer side
MOST_PIXELS = 40_000_000
MOST_BYTES = 20 * 1024**2
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class PictureRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def webp(stream: BinaryIO, *, size: int) -> bytes:
    """The picture as WebP of at most SIDE pixels, upright, without metadata. Raises PictureRefused.

    The header's size is checked before a pixel is decoded.
    """
    if size > MOST_BYTES:
        raise PictureRefused(f"The picture has {size / 1024**2:.1f} MB; the limit is {MOST_BYTES // 1024**2} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the lower one
            picture = Image.open(stream, formats=_FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureRefused(
                f"The picture has {picture.width} × {picture.height} pixels; "
                f"the limit is {MOST_PIXELS // 1_000_000} million in all. Make it smaller."
            )
        return _encoded(picture)
    except UnidentifiedImageError as error:
        raise PictureRefused("That is no picture in PNG, JPEG, WebP or GIF.") from error
    except Image.DecompressionBombError as error:
        limit = MOST_PIXELS // 1_000_000
        raise PictureRefused(
            f"The picture has far more than {limit} million pixels, the limit. Make it smaller."
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureRefused("The picture is damaged and cannot be opened.") from error


def _encoded(picture: Image.Image) -> bytes:
    picture.seek(0)
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.thumbnail((SIDE, SIDE))
    plain.info.clear()
    target = io.BytesIO()
    plain.save(target, "WEBP", quality=86, exif=b"", icc_profile=b"", xmp=b"")
    return target.getvalue()
