"""One item in one frame, kept until the item is decided."""

from __future__ import annotations

from sorter.frame import Pixels
from sorter.item import Measures, Sighting


class View:
    """A sighting that may be judged.

    A sighting holds on to its whole frame: 2.8 MB of 1280 × 720 pixels. The view lets go of it as
    soon as `develop` has taken from it what is needed.
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
        """It needs its frame no more."""
        return self._sighting is None

    def develop(self, side_px: int, *, measured: bool) -> None:
        """Do one more thing that deciding will ask for: make the photo, then take the measures.

        Args:
            side_px: of the photo.
            measured: this view tells the item's size.
        """
        if self._photo is None:
            # A photo may be a part of its frame, and would keep that.
            self._photo = self.photo(side_px).copy()
        elif measured:
            self._measures = self.measures
        if not measured or self._measures is not None:
            self._sighting = None

    def photo(self, side_px: int) -> Pixels:
        """See `Sighting.photo`; always asked for at the same size."""
        return self._seen.photo(side_px) if self._photo is None else self._photo

    @property
    def measures(self) -> Measures:
        """See `Sighting.measures`; gone once developed without them."""
        return self._seen.measures if self._measures is None else self._measures

    @property
    def _seen(self) -> Sighting:
        if self._sighting is None:
            raise RuntimeError("a developed view was asked for what was not taken from its frame")
        return self._sighting
