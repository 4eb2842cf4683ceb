"""One item in one frame, kept until the item is decided."""

from __future__ import annotations

from sorter.frame import Pixels
from sorter.item import Measures, Sighting


class View:
    """A sighting that may be judged.

    A sighting holds on to its whole frame: 2.8 MB of 1280 × 720 pixels. The view can let go of it
    when what deciding needs was taken from it.
    """

    __slots__ = ("_measures", "_photo", "_sighting", "along", "from_reference_mm", "touching")

    def __init__(self, sighting: Sighting) -> None:
        """Keep a sighting."""
        self.along = sighting.along
        self.from_reference_mm = sighting.from_reference_mm
        self.touching = sighting.touching
        self._sighting: Sighting | None = sighting
        self._photo: Pixels | None = None
        self._measures: Measures | None = None

    @property
    def developed(self) -> bool:
        """It has let go of its frame."""
        return self._sighting is None

    @property
    def has_photo(self) -> bool:
        """The photo is made."""
        return self._photo is not None

    def make_photo(self, side_px: int) -> None:
        """Make the photo that deciding will ask for."""
        # A photo may be a part of its frame, and would keep that.
        self._photo = self.photo(side_px).copy()

    def measure(self) -> None:
        """Take the measures that deciding will ask for."""
        self._measures = self.measures

    def let_go(self) -> None:
        """Hold on to the frame no more; what was not taken from it is gone."""
        self._sighting = None

    def photo(self, side_px: int) -> Pixels:
        """See `Sighting.photo`; always asked for at the same size."""
        return self._seen.photo(side_px) if self._photo is None else self._photo

    @property
    def measures(self) -> Measures:
        """See `Sighting.measures`."""
        return self._seen.measures if self._measures is None else self._measures

    @property
    def _seen(self) -> Sighting:
        if self._sighting is None:
            raise RuntimeError("a developed view was asked for what was not taken from its frame")
        return self._sighting
