"""What a hostile coordinator tells a node: one small function a lie, and the refusal that it must end in
(secagg.md 6, "Adversarial coordinator", and 7.6)."""

from . import adverts, offers, shares, sums, survivors  # noqa: F401  (each fills LIES)
from .survivors import certified, ends_with
from .telling import FOREIGN, LIES, ME, Lie, Talk, edited

__all__ = ["FOREIGN", "LIES", "ME", "Lie", "Talk", "certified", "edited", "ends_with"]
