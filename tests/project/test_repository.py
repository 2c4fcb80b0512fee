"""The repository keeps its own rules: no registry addresses, no machine paths, a true map, short files."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".yml",
    ".yaml",
    ".html",
    ".css",
    ".js",
    ".json",
    ".sh",
    ".conf",
    ".service",
    ".cfg",
    ".lua",
    ".c",
    "",
}
LINE_LIMIT = 400


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def tracked_texts() -> list[tuple[Path, str]]:
    return [
        (path, path.read_text("utf-8", errors="replace")) for path in tracked_files() if path.suffix in TEXT
    ]


def registry_hosts() -> set[str]:
    """The hosts packages come from here, read from the machine's own configuration and never written down."""
    said = ""
    for words in (["pip", "config", "list"], ["npm", "config", "get", "registry"]):
        if shutil.which(words[0]):
            said += subprocess.run(words, capture_output=True, text=True).stdout
    for file in [Path("/etc/apt/sources.list"), *Path("/etc/apt").glob("sources.list.d/*")]:
        if file.is_file():
            said += file.read_text("utf-8", errors="replace")
    hosts = re.findall(r"https?://([^/@\s'\"]+)", said)
    return {host for host in hosts if "." in host}


def test_no_file_names_a_host_that_packages_come_from() -> None:
    hosts = registry_hosts()
    found = [
        str(path.relative_to(ROOT)) for path, text in tracked_texts() if any(host in text for host in hosts)
    ]
    assert found == []


def test_no_file_names_a_path_of_this_machine() -> None:
    places = (f"{ROOT.parent}/", f"{Path.home()}/")
    found = [
        str(path.relative_to(ROOT))
        for path, text in tracked_texts()
        if any(place in text for place in places if len(place) > 3)
    ]
    assert found == []


def test_what_lies_beside_the_project_is_named_only_where_ci_looks_for_it() -> None:
    beside = ".." + "/shared"
    found = [str(path.relative_to(ROOT)) for path, text in tracked_texts() if beside in text]
    assert [name for name in found if not name.startswith(".ci/")] == []


def test_every_locked_package_has_a_hash_and_no_address() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    assert "://" not in lock
    packages = re.split(r"\n(?=[a-z0-9])", lock.strip())
    assert len(packages) > 50
    assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []


def test_every_python_file_is_short_or_says_why_not() -> None:
    long = []
    for path, text in tracked_texts():
        if path.suffix == ".py" and text.count("\n") > LINE_LIMIT and "This file is long because" not in text:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))}")
    assert long == []


def test_the_readme_map_names_every_folder_and_nothing_else() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"^\| `([a-z]+)/` \|", readme, re.MULTILINE))
    there = {
        path.relative_to(ROOT).parts[0] for path in tracked_files() if len(path.relative_to(ROOT).parts) > 1
    }
    assert named == {name for name in there if not name.startswith(".")}


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path, text in tracked_texts():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_decision_records_have_numbers_of_their_own() -> None:
    numbers = [path.name[:3] for path in (ROOT / "docs/decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers)) > 0


CLAIM = re.compile(r"^\| ([A-Z]+-\d+) \|.*\|([^|]*)\|$", re.MULTILINE)


def claims() -> list[tuple[str, list[str]]]:
    text = (ROOT / "docs/requirements.md").read_text("utf-8")
    return [(ident, re.findall(r"`(tests/[^`]+)`", proof)) for ident, proof in CLAIM.findall(text)]


def named_in(source: str) -> set[str]:
    """The requirements a test module says it proves; SEC-1 isn't named by SEC-12."""
    return set(re.findall(r"\b[A-Z]+-\d+\b", ast.get_docstring(ast.parse(source)) or ""))


def test_only_whole_names_in_the_opening_docstring_count() -> None:
    assert named_in('"""What SEC-12 asks."""\n# SEC-1\n') == {"SEC-12"}


def test_requirements_are_claimed_once() -> None:
    idents = [ident for ident, _ in claims()]
    assert len(idents) == len(set(idents)) >= 10


@pytest.mark.parametrize(
    ("ident", "proofs"), claims(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_claimed_requirement_names_tests_that_name_it(ident: str, proofs: list[str]) -> None:
    assert proofs, f"{ident} is claimed without a test"
    for proof in proofs:
        file, _, name = proof.partition("::")
        assert (ROOT / file).is_file(), proof
        text = (ROOT / file).read_text("utf-8")
        assert ident in named_in(text), f"{file} does not name {ident} in its opening docstring"
        assert not name or f"def {name}(" in text, proof
