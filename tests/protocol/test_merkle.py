"""The log's tree only grows, and every other story about it is found out. SEC-9 (RFC 6962)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    is_consistent,
    leaf_hash,
    nodes_after,
    root,
    root_of_leaves,
)


class Tree:
    """As the relay keeps it: every full subtree stored, leaves appended one by one."""

    def __init__(self, *contents: bytes) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.size = 0
        for content in contents:
            self.append(content)

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def append(self, content: bytes) -> None:
        for level, index, value in nodes_after(self.node, self.size, leaf_hash(content)):
            assert (level, index) not in self.nodes, "a node is written once"
            self.nodes[level, index] = value
        self.size += 1

    def root(self, size: int | None = None) -> bytes:
        return root(self.node, self.size if size is None else size)

    def proof(self, old: int, new: int | None = None) -> list[bytes]:
        return consistency_proof(self.node, old, self.size if new is None else new)


RFC_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The well-known test data of certificate transparency logs for RFC 6962."""

contents = st.lists(st.binary(max_size=6), min_size=1, max_size=40)


def test_the_roots_are_those_every_other_log_computes() -> None:
    tree = Tree(*RFC_LEAVES)
    assert tree.root(0) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(contents)
def test_the_stored_nodes_and_the_bare_leaves_give_one_root(parts: list[bytes]) -> None:
    tree = Tree(*parts)
    for size in range(len(parts) + 1):
        assert tree.root(size) == root_of_leaves([leaf_hash(part) for part in parts[:size]])
    assert len(tree.nodes) < 2 * len(parts)


@given(contents, st.data())
def test_every_tree_is_proved_to_have_grown_out_of_every_earlier_one(
    parts: list[bytes], data: st.DataObject
) -> None:
    tree = Tree(*parts)
    new = data.draw(st.integers(1, len(parts)))
    old = data.draw(st.integers(0, new))
    proof = tree.proof(old, new)
    assert is_consistent(old, tree.root(old), new, tree.root(new), proof)
    assert len(proof) <= 2 * new.bit_length()


@given(contents, st.data())
@settings(max_examples=200)
def test_a_history_that_was_changed_has_no_proof(parts: list[bytes], data: st.DataObject) -> None:
    true = Tree(*parts)
    old = data.draw(st.integers(1, len(parts)))
    place = data.draw(st.integers(0, old - 1))
    forged_parts = [*parts]
    forged_parts[place] = parts[place] + b"!"
    forged = Tree(*forged_parts, *data.draw(contents))
    # The relay may send any proof it can compute from either tree, or any mixture of it.
    proofs = [
        forged.proof(old),
        true.proof(old, len(parts)),
        [*forged.proof(old)][1:],
        [true.root(old), *forged.proof(old)],
        [],
    ]
    for proof in proofs:
        assert not is_consistent(old, true.root(old), forged.size, forged.root(), proof)


@given(contents, st.data())
def test_a_log_that_lost_its_end_or_swapped_two_entries_has_no_proof(
    parts: list[bytes], data: st.DataObject
) -> None:
    distinct = [bytes([number]) + part for number, part in enumerate(parts)] + [b"last"]
    tree = Tree(*distinct)
    shorter = Tree(*distinct[:-1])
    assert not is_consistent(tree.size, tree.root(), shorter.size, shorter.root(), [])
    assert not is_consistent(tree.size, tree.root(), shorter.size, shorter.root(), tree.proof(1))
    swapped = [*distinct]
    swapped[0], swapped[-1] = swapped[-1], swapped[0]
    other = Tree(*swapped, b"more")
    assert not is_consistent(tree.size, tree.root(), other.size, other.root(), other.proof(tree.size))


@given(contents, st.data())
def test_every_altered_proof_is_refused(parts: list[bytes], data: st.DataObject) -> None:
    tree = Tree(*parts, b"one more")
    old = data.draw(st.integers(1, len(parts)))
    proof = tree.proof(old)
    heads = (old, tree.root(old), tree.size, tree.root())
    for place in range(len(proof)):
        altered = [*proof]
        altered[place] = bytes([altered[place][0] ^ 1]) + altered[place][1:]
        assert not is_consistent(*heads, altered)
        assert not is_consistent(*heads, proof[:place] + proof[place + 1 :])
    assert not is_consistent(*heads, [*proof, b"\0" * 32])


def test_from_nothing_everything_may_grow_and_needs_no_proof() -> None:
    tree = Tree(b"a", b"b")
    assert is_consistent(0, EMPTY_ROOT, 2, tree.root(), [])
    assert not is_consistent(0, EMPTY_ROOT, 2, tree.root(), [tree.root()])
    assert is_consistent(2, tree.root(), 2, tree.root(), [])
    assert not is_consistent(2, tree.root(), 2, tree.root(1), [])
    assert tree.proof(0) == tree.proof(3) == []
    assert root_of_leaves([]) == EMPTY_ROOT


def test_a_leaf_is_no_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert Tree(b"a", b"b").root() != Tree(left + right).root()
