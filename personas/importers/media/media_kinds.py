"""Tells pictures and recordings by their first bytes."""

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_BITMAP = 26  # bytes of the shortest head of a BMP, whose magic is two letters
_RECORDINGS = (b"OggS", b"ID3", b"fLaC", b"#!AMR", b"\x1aE\xdf\xa3", b"FLV\x01", b"\0\0\x01\xba", b"caff", b"FORM")
_MPEG = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa", b"\xff\xf1", b"\xff\xf9")
_PICTURE_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"crx "}


def is_picture(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return len(head) >= _BITMAP and head[6:10] == bytes(4)
    return head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def is_recording(head: bytes) -> bool:
    if head[:4] == b"RIFF":
        return head[8:12] in {b"WAVE", b"AVI "}
    if head[4:8] == b"ftyp":
        return head[8:12] not in _PICTURE_BRANDS
    return head.startswith(_RECORDINGS) or (head.startswith(_MPEG) and len(head) > 4)
