"""image. Floor: 4."""

from __future__ import annotations

from engine.plugins.field_types.file import FileField


class Image(FileField):
    """A picture: a file that is shown. ``max_size`` is the most it may have."""

    name = "image"
    title = {"zh": "图片", "en": "Image"}
    params = {
        "type": "object",
        "properties": {"max_size": {"type": "string", "pattern": "^[0-9]+ *(KB|MB|GB)$"}},
        "additionalProperties": False,
    }
    example = "logo: {type: image, max_size: 5MB}"
