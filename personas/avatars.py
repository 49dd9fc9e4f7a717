"""Makes uploaded pictures harmless: only the pixels of the first frame are kept, and the mark that an AI made them.

The mark is IPTC's digital source type, which C2PA's manifests and XMP both name (compliance EU4). Any other metadata
goes, because it may tell where and when a picture was taken.

A child process decodes them (`personas.reading.children`). `webp` starts the child, and the child calls `encoded`.
"""

import io
import tempfile
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec
from django.utils.translation import gettext

from personas.reading import children

if TYPE_CHECKING:
    from PIL import Image

SIDE = 512  # pixels, of the longer side
MOST_PIXELS = 40_000_000
MOST_BYTES = 20 * 1024**2
SECONDS = 10  # of processor time; a picture at the limit takes one to three
# Most pictures of MOST_PIXELS take 180 to 400 MB to open; a WebP of that size takes 640 and is refused.
MEMORY = 512 * 1024**2
JOB = "personas.importers.picture"
AI_MARK = b"trainedAlgorithmicMedia"
_AI_MARKS = (AI_MARK, b"compositeWithTrainedAlgorithmicMedia")
_AI_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
    b'"http://cv.iptc.org/newscodes/digitalsourcetype/' + AI_MARK + b'"/></rdf:RDF></x:xmpmeta>'
)
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class PictureRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def webp(stream: BinaryIO, *, size: int) -> bytes:
    """The picture as WebP, upright, each side at most SIDE pixels, without metadata but the mark of an AI.

    Raises PictureRefused.
    """
    if size > MOST_BYTES:
        raise PictureRefused(
            gettext("The picture has %(size)s MB; the limit is %(most_bytes)s MB.")
            % {"size": f"{size / 1024**2:.1f}", "most_bytes": MOST_BYTES // 1024**2}
        )
    limits = children.Limits(seconds=SECONDS, memory=MEMORY)
    stream.seek(0)
    with tempfile.TemporaryFile() as file:
        file.write(stream.read(MOST_BYTES))
        file.seek(0)
        try:
            with closing(children.answers(JOB, cast(BinaryIO, file), limits=limits, arguments={})) as answers:
                kind, payload = next(answers)
            if kind == "picture":
                return msgspec.json.decode(payload, type=bytes)
            sentence = msgspec.json.decode(payload, type=str)
        except children.ChildFailed as failure:
            raise _refusal(failure) from failure
        except (StopIteration, ValueError, RecursionError) as error:  # the picture may control the child
            raise _refusal(children.Crashed()) from error
    raise PictureRefused(sentence)


def _refusal(failure: children.ChildFailed) -> PictureRefused:
    match failure:
        case children.OutOfTime():
            return PictureRefused(
                gettext("The picture took more than %(seconds)s s to open, which is the limit. Make it smaller.")
                % {"seconds": SECONDS}
            )
        case children.OutOfMemory():
            return PictureRefused(_too_much_memory())
        case children.AllBusy():
            return PictureRefused(
                gettext("The picture was not opened, because others are opened now. Try again in a minute.")
            )
    return PictureRefused(gettext("The picture is damaged and cannot be opened."))


def _too_much_memory() -> str:
    return gettext("The picture takes more than %(memory)s MB of memory to open, the limit. Make it smaller.") % {
        "memory": MEMORY // 1024**2
    }


def encoded(stream: BinaryIO) -> bytes:
    """The work of `webp` in the child process. It checks the size in the header before it decodes a pixel.

    Raises PictureRefused.
    """
    from PIL import Image, UnidentifiedImageError  # slower to load than all importers, and few files hold a picture

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the lower one
            picture = Image.open(stream, formats=_FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureRefused(
                gettext(
                    "The picture has %(width)s × %(height)s pixels; the limit is %(most_pixels)s million in all. "
                    "Make it smaller."
                )
                % {"width": picture.width, "height": picture.height, "most_pixels": MOST_PIXELS // 1000000}
            )
        return _shrunk(picture, xmp=_AI_XMP if _is_marked(stream) else b"")
    except MemoryError as error:
        raise PictureRefused(_too_much_memory()) from error
    except UnidentifiedImageError as error:
        raise PictureRefused(
            gettext("This file is not a picture in PNG, JPEG, WebP or GIF. Save it in one of these formats.")
        ) from error
    except Image.DecompressionBombError as error:
        limit = MOST_PIXELS // 1_000_000
        raise PictureRefused(
            gettext("The picture has far more than %(limit)s million pixels, the limit. Make it smaller.")
            % {"limit": limit}
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureRefused(gettext("The picture is damaged and cannot be opened.")) from error


def _is_marked(stream: BinaryIO) -> bool:
    """Whether the file says that an AI made the picture, or a part of it."""
    stream.seek(0)
    content = stream.read(MOST_BYTES)
    return any(mark in content for mark in _AI_MARKS)


def _shrunk(picture: "Image.Image", *, xmp: bytes) -> bytes:
    from PIL import ImageOps

    picture.seek(0)
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if picture.mode not in {mode, "L"}:  # some palettes and depths cannot be shrunk
        picture = picture.convert(mode)
    # It is shrunk before it is turned, so a JPEG is decoded at the smaller size and no large copy is made.
    picture.thumbnail((SIDE, SIDE))
    small = ImageOps.exif_transpose(picture).convert(mode)
    small.info.clear()
    target = io.BytesIO()
    small.save(target, "WEBP", quality=86, exif=b"", icc_profile=b"", xmp=xmp)
    return target.getvalue()
