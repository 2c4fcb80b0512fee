from tests.relay.features.conftest import sato

__all__ = ["sato"]
