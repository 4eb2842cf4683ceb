from tests.hil.build import built_firmware

__all__ = ["built_firmware"]
