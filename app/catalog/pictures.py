"""What kind of file some bytes are, by how they begin. Pure: the name that a browser sends is not believed."""

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def kind_of(data: bytes) -> str:
    """The media type of a picture or PDF; "" for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), "")
