"""A Merkle tree that only grows: RFC 6962 section 2.1, over SHA-256. Requirement: SEC-9.

`Nodes` answers for every full subtree: level 0 are leaf hashes, node `index` of level n covers leaves
`index * 2^n` to `(index + 1) * 2^n - 1`. Appending a leaf writes at most log2(size) + 1 nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Nodes = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def nodes_after(nodes: Nodes, size: int, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """The nodes (level, index, hash) that a leaf hash appended to a tree of `size` leaves completes."""
    level, index, current = 0, size, leaf
    made = [(level, index, current)]
    while index % 2 == 1:
        current = node_hash(nodes(level, index - 1), current)
        level, index = level + 1, index // 2
        made.append((level, index, current))
    return made


def root(nodes: Nodes, size: int) -> bytes:
    """The tree's root hash at this size."""
    return EMPTY_ROOT if size == 0 else _subtree(nodes, 0, size)


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """What proves that the first `old` leaves of the tree of `new` leaves are unchanged."""
    if not 0 < old <= new:
        return []
    return _subproof(nodes, old, 0, new, whole=True)


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the newer tree has only grown out of the older one."""
    if old == 0:
        return not proof
    if old == new:
        return old_root == new_root and not proof
    if old > new or not proof:
        return False
    path = list(proof)
    node, last = old - 1, new - 1
    while node % 2 == 1:
        node, last = node // 2, last // 2
    start = old_root if node == 0 else path.pop(0)
    first, second = start, start
    for part in path:
        if last == 0:
            return False
        if node % 2 == 1 or node == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while node % 2 == 0 and node != 0:
                node, last = node // 2, last // 2
        else:
            second = node_hash(second, part)
        node, last = node // 2, last // 2
    return first == old_root and second == new_root and last == 0


def root_of_leaves(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, from nothing but them: for whoever checks an export."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root_of_leaves(leaves[:split]), root_of_leaves(leaves[split:]))


def _subproof(nodes: Nodes, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    size = end - start
    if old == size:
        return [] if whole else [_subtree(nodes, start, end)]
    split = _split(size)
    if old <= split:
        return [
            *_subproof(nodes, old, start, start + split, whole=whole),
            _subtree(nodes, start + split, end),
        ]
    left = _subtree(nodes, start, start + split)
    return [*_subproof(nodes, old - split, start + split, end, whole=False), left]


def _subtree(nodes: Nodes, start: int, end: int) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    split = _split(size)
    return node_hash(_subtree(nodes, start, start + split), _subtree(nodes, start + split, end))


def _split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << (size - 1).bit_length() - 1
