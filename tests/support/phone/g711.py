"""G.711 mu-law by table, whole arrays at a time (ITU-T G.711)."""

import numpy as np
from numpy.typing import NDArray

from callcenter.demo.ears import Samples

_BIAS = 0x84
_CLIP = 32635
SILENCE = b"\xff"


def _decode_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    size = ((mantissa << 3) + _BIAS << exponent) - _BIAS
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _encode_table() -> NDArray[np.uint8]:
    sample = np.arange(65536, dtype=np.int64).astype(np.uint16).view(np.int16).astype(np.int64)
    size = np.minimum(np.abs(sample), _CLIP) + _BIAS
    exponent = np.floor(np.log2(size)).astype(np.int64) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    code: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return code


_DECODE = _decode_table()
_ENCODE = _encode_table()


def encode(samples: Samples) -> bytes:
    """One byte for each sample."""
    return bytes(_ENCODE[samples.astype(np.int16).view(np.uint16)])


def decode(data: bytes) -> Samples:
    """One sample for each byte."""
    return _DECODE[np.frombuffer(data, dtype=np.uint8)]
