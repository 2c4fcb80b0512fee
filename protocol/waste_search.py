"""Finding a word of the waste dictionary as people write it (「○○の捨て方」).

Width, kana, case, long vowels, small kana and the endings of verbs do not matter; a slip of the finger
hardly does. The order is exact, beginning, another name, part of the word, similar. Requirement: SEG-11.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import jaconv
from rapidfuzz import fuzz, process

from protocol.waste import WasteWord

BEST = 5
SIMILAR_ENOUGH = 65.0
"""Of 100: below it, two short Japanese words share no more than chance."""
TYPED_LIMIT = 60
_ASKING = re.compile(
    r"(?:の|を|は|って|という|が)?(?:捨て方|すて方|捨てかた|すてかた|分別(?:方法)?|ぶんべつ|出し方|だし方|だしかた|"
    r"処分(?:方法|の仕方|したい)?|捨てたい|すてたい|捨てる|出す日?|何(?:の)?(?:ごみ|ゴミ)|なに(?:の)?(?:ごみ|ゴミ)|なんの?(?:ごみ|ゴミ))"
    r"(?:を?教えて(?:ください)?|は|について|ですか|になりますか|になる|を知りたい)?[?？。!！]*$"
)
_SMALL = str.maketrans("ぁぃぅぇぉゃゅょっゎ", "あいうえおやゆよつわ")
_MARKS = re.compile(r"[\s・、。,，.．\-‐‑–—―~〜_/／()（）「」『』\[\]【】!！?？'\"]+")
_LONG = re.compile(r"[ーｰ]+")
_VOWELS = {
    "あ": "あかさたなはまやらわがざだばぱ",
    "い": "いきしちにひみりぎじぢびぴ",
    "う": "うくすつぬふむゆるぐずづぶぷ",
    "え": "えけせてねへめれげぜでべぺ",
    "お": "おこそとのほもよろをごぞどぼぽ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _VOWELS.items() for kana in row}
_OKURIGANA = re.compile(r"(?<=[一-龠々])[ぁ-ん]+(?=[一-龠々]|$)")


@dataclass(frozen=True)
class Hit:
    """A word that fits, and how well (0 to 100). `how`: exact, prefix, synonym, part or similar."""

    word: WasteWord
    score: float
    how: str


def asked_word(said: str) -> str | None:
    """The thing in a question such as 「電池の捨て方」, 「傘は何ごみ？」; None when it asks no such thing."""
    text = unicodedata.normalize("NFKC", said).strip()
    if len(text) > TYPED_LIMIT:
        return None
    found = _ASKING.search(text)
    if found is None:
        return None
    thing = text[: found.start()].strip(" 「」『』\"'のをは")
    return thing or None


def folded(text: str) -> str:
    """The form in which words are compared: hiragana, one width, no marks, no long vowels."""
    plain = jaconv.kata2hira(unicodedata.normalize("NFKC", text).casefold())
    plain = _MARKS.sub("", _LONG.sub("ー", plain)).translate(_SMALL)
    letters: list[str] = []
    for sign in plain:
        # 「コンピューター」「コンピュータ」「すとおぶ」: a vowel that only lengthens says nothing.
        before = _VOWEL_OF.get(letters[-1]) if letters else None
        if sign == "ー" or (sign == before) or (sign == "う" and before == "お"):
            continue
        letters.append(sign)
    return "".join(letters)


def bare(text: str) -> str:
    """`folded` without the kana between kanji: 「空き缶」「空缶」, 「取り扱い」「取扱」 are the same."""
    return folded(_OKURIGANA.sub("", unicodedata.normalize("NFKC", text)))


class WasteSearch:
    """The words of one dictionary, prepared once; searching 5,000 of them takes a few milliseconds."""

    def __init__(self, words: Iterable[WasteWord]) -> None:
        self._words = sorted(words, key=lambda word: (folded(word.reading or word.name), word.id))
        self._keys: list[str] = []
        self._owners: list[tuple[int, bool]] = []  # which word a key belongs to, and whether it is a synonym
        for place, word in enumerate(self._words):
            own = {folded(word.name), bare(word.name), folded(word.reading)} - {""}
            others = {form(name) for name in word.synonyms for form in (folded, bare)} - own - {""}
            for key in sorted(own) + sorted(others):
                self._keys.append(key)
                self._owners.append((place, key in others))

    def __len__(self) -> int:
        return len(self._words)

    def with_id(self, id: str) -> WasteWord | None:
        return next((word for word in self._words if word.id == id), None)

    def find(self, typed: str, limit: int = BEST) -> list[Hit]:
        """The best few, the best first; none when nothing is near."""
        wanted = [
            key for key in dict.fromkeys((folded(typed[:TYPED_LIMIT]), bare(typed[:TYPED_LIMIT]))) if key
        ]
        best: dict[int, Hit] = {}
        for key in wanted:
            for index, (score, how) in self._plain_hits(key):
                self._keep(best, index, score, how)
            if len(key) > 1:
                for index, score in self._similar(key):
                    self._keep(best, index, min(score, 100.0) * 0.6, "similar")
        ranked = sorted(best.items(), key=lambda found: (-found[1].score, found[0]))
        return [hit for _, hit in ranked[:limit]]

    def _keep(self, best: dict[int, Hit], index: int, score: float, how: str) -> None:
        place, is_synonym = self._owners[index]
        if is_synonym and how in ("exact", "prefix"):
            score, how = score - 8.0, "synonym"
        if place not in best or best[place].score < score:
            best[place] = Hit(self._words[place], score, how)

    def _plain_hits(self, key: str) -> Iterable[tuple[int, tuple[float, str]]]:
        for index, known in enumerate(self._keys):
            if known == key:
                yield index, (100.0, "exact")
            elif known.startswith(key):
                yield index, (80.0 + 15.0 * len(key) / len(known), "prefix")
            elif len(key) > 1 and key in known:
                yield index, (60.0 + 10.0 * len(key) / len(known), "part")
            elif known in key if len(known) > 1 else _is_kanji(known) and key.endswith(known):
                # 「赤い傘」 asks for the umbrella.
                yield index, (60.0 + 10.0 * len(known) / len(key), "part")

    def _similar(self, key: str) -> Sequence[tuple[int, float]]:
        found = process.extract(
            key, self._keys, scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH, limit=4 * BEST
        )
        return [(index, score) for _, score, index in found]


def _is_kanji(sign: str) -> bool:
    return "一" <= sign <= "龠"
