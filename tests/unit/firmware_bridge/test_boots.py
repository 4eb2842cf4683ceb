"""The count of boots in the EEPROM, when the power fails while the C core writes it."""

import ctypes
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.firmware_bridge.native_firmware import Host

BOOTS_AT, RECORD_BYTES, RECORDS = 0x80, 6, 21
ENDURANCE_WRITES = 100_000
"""Of a cell of the EEPROM (ATmega328P datasheet)."""


class Eeprom:
    def __init__(self, library: Path) -> None:
        self.core = ctypes.CDLL(str(library))
        self.core.boots_count.restype = ctypes.c_uint32
        self.host = Host.in_dll(self.core, "host")
        ctypes.memset(self.host.eeprom, 0xFF, 256)
        self.host.eeprom_dead = False
        self.host.eeprom_cut = 0

    def boot(self) -> int:
        return int(self.core.boots_count())

    def boot_cut_off(self, at_write: int, torn: int) -> None:
        """Nobody hears the count of a boot in which the power fails."""
        self.host.eeprom_cut, self.host.eeprom_torn = at_write, torn
        self.boot()
        self.host.eeprom_cut, self.host.eeprom_dead = 0, False


def test_boots_are_counted_from_one(core_library: Path) -> None:
    eeprom = Eeprom(core_library)
    assert [eeprom.boot() for _ in range(300)] == list(range(1, 301))


cuts = st.tuples(st.integers(1, 6), st.integers(0, 255))


@given(boots=st.lists(st.one_of(st.none(), cuts), min_size=5, max_size=80))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_boots_share_their_count_wherever_the_power_failed(
    core_library: Path, boots: list[tuple[int, int] | None]
) -> None:
    eeprom = Eeprom(core_library)
    counts = []
    for cut in boots:
        if cut is None:
            counts.append(eeprom.boot())
        else:
            eeprom.boot_cut_off(*cut)
    assert counts == sorted(set(counts))
    assert 0 not in counts


def test_a_count_that_was_lost_is_not_given_again(core_library: Path) -> None:
    eeprom = Eeprom(core_library)
    counts = [eeprom.boot() for _ in range(40)]
    newest = BOOTS_AT + (counts[-1] - 1) % RECORDS * RECORD_BYTES
    eeprom.host.eeprom[newest] ^= 0x10
    assert eeprom.boot() > counts[-1]


def test_an_eeprom_that_keeps_nothing_gives_no_count(core_library: Path) -> None:
    eeprom = Eeprom(core_library)
    eeprom.boot()
    eeprom.host.eeprom_dead = True
    assert eeprom.boot() == 0
    eeprom.host.eeprom_dead = False


def test_a_cell_is_written_at_most_once_in_twenty_one_boots(core_library: Path) -> None:
    eeprom = Eeprom(core_library)
    for _ in range(1_000):
        eeprom.boot()
    before = bytes(eeprom.host.eeprom)
    changed = [0] * 256
    for _ in range(10 * RECORDS):
        eeprom.boot()
        after = bytes(eeprom.host.eeprom)
        for cell in range(256):
            changed[cell] += after[cell] != before[cell]
        before = after
    assert max(changed) <= 10
    assert ENDURANCE_WRITES * RECORDS >= 2_000_000
