"""Patterns packed into words whose order is the lexicographic order of the bits."""

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
Words = NDArray[np.uint64]  # (M, ceil(n / 64)): a pattern a row, its first bit the highest of the first word


def pack(patterns: BoolArray) -> Words:
    """Return the patterns (M, n) as words, padded with zeros."""
    count, size = patterns.shape
    padded = np.zeros((count, 8 * -(-size // 64)), dtype=np.uint8)
    padded[:, : -(-size // 8)] = np.packbits(patterns, axis=1)
    return padded.view(">u8").astype(np.uint64)


def unpack(words: Words, size: int) -> BoolArray:
    """Return the patterns (M, size) of words."""
    octets = np.ascontiguousarray(words.astype(">u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=size).view(np.bool_)


def sorted_words(words: Words) -> Words:
    """Return the rows in lexicographic order."""
    return words[np.lexsort(words.T[::-1])]


def keys(patterns: BoolArray) -> NDArray[np.bytes_]:
    """Return each pattern as one value that NumPy can sort and search: bytes in the order of the bits."""
    return keys_of_octets(np.packbits(patterns, axis=1))


def keys_of_octets(octets: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Return each row of packed bits as one value, as `keys` does."""
    return np.ascontiguousarray(octets).view(f"S{octets.shape[1]}")[:, 0]
