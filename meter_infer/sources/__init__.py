"""Pictures, folders, videos and streams as iterators of frames."""

from meter_infer.sources.address import Address, mask_secrets, secrets_in
from meter_infer.sources.base import Source
from meter_infer.sources.open import open_source

__all__ = ["Address", "Source", "mask_secrets", "open_source", "secrets_in"]
