"""Joins pictures into a film: a GIF, which every browser and picture viewer plays. Knows nothing of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

FRAME_MILLISECONDS = 80
REST_MILLISECONDS = 1500
_COLOURS = 255


def join(frames: Sequence[Path], film: Path) -> None:
    """Write the frames, in order, as an endless film that rests on its last picture.

    One palette, taken from a sheet of some of the frames, serves all: colours then do not flicker from frame to frame.
    """
    pictures = [Image.open(frame).convert("RGB") for frame in frames]
    palette = _sheet(pictures[:: max(1, len(pictures) // 8)]).quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
    reduced = [picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]
    durations = [FRAME_MILLISECONDS] * (len(reduced) - 1) + [REST_MILLISECONDS]
    film.parent.mkdir(parents=True, exist_ok=True)
    reduced[0].save(film, save_all=True, append_images=reduced[1:], duration=durations, loop=0, optimize=False)


def _sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width, height * len(pictures)))
    for row, picture in enumerate(pictures):
        sheet.paste(picture, (0, row * height))
    return sheet
