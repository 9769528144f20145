"""Text from data and configs, made safe for a message, a terminal, a figure or a line of a file."""

from __future__ import annotations

import difflib
import importlib.util
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from os.path import commonprefix

SHOWN_LENGTH = 60
"""The most characters of a value in a message."""
SHORTEST_PREFIX = 3
"""In characters: a shorter word begins too many others to be taken for one of them."""
MIN_NAME_WIDTH = 6
"""A shorter name is not told from others of its list."""
_DIGITS = re.compile("([0-9]+)")
# Direction controls can make a line look like another one.
DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROLS = re.compile(rf"[\x00-\x1f\x7f-\x9f{''.join(sorted(DIRECTION_CONTROLS))}]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def plain_text(text: str) -> str:
    """The text on one line, without control characters; each white space becomes a space, and lone surrogates
    are replaced.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATES.sub(REPLACEMENT, _CONTROLS.sub("", re.sub(r"\s", " ", text)))


def printable(text: str) -> str:
    """Escape every non-printable character (`\\x1b`, `\\n`, `\\u202e`); the rest is unchanged."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_lines(text: str) -> str:
    """Escape as `printable` does, but keep the line ends."""
    return "\n".join(map(printable, text.split("\n")))


def truncate_end(text: str, width: int, measure: Callable[[str], int] = len) -> str:
    """The text; if it is wider than `width`, an ellipsis replaces its end.

    `measure` gives the width of a character.
    """
    if sum(map(measure, text)) <= width:
        return text
    end, free = 0, width - 1
    while end < len(text) and measure(text[end]) <= free:
        free -= measure(text[end])
        end += 1
    return f"{text[:end].rstrip()}…"


def truncate_middle(text: str, width: int, measure: Callable[[str], int] = len) -> str:
    """The text; if it is wider than `width`, an ellipsis replaces its middle.

    Names often differ only at their ends, such as `sensor_17` and `sensor_18`. `measure` gives the width of a
    character.
    """
    widths = [measure(character) for character in text]
    if sum(widths) <= width:
        return text
    head, tail, free = 0, len(text), width - 1
    while widths[head] <= free:
        free -= widths[head]
        head += 1
        if widths[tail - 1] > free:
            break
        tail -= 1
        free -= widths[tail]
    return f"{text[:head].rstrip()}…{text[tail:].lstrip()}"


def truncate_names(names: Sequence[str], width: int, measure: Callable[[str], int] = len) -> list[str]:
    """The names of one list as `truncate_middle` shortens them.

    If some would then be equal, the beginning that they share is shortened first.
    """
    by_text: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_text.setdefault(truncate_middle(name, width, measure), []).append(name)
    short: dict[str, str] = {}
    for text, equal in by_text.items():
        short |= dict.fromkeys(equal, text)
        shared = commonprefix(equal) if len(equal) > 1 else ""  # noqa: RUF071 (names are no paths)
        if shared and width >= MIN_NAME_WIDTH:
            start = truncate_end(shared, width // 3, measure)
            rest = [name.removeprefix(shared) for name in equal]
            ends = truncate_names(rest, width - sum(map(measure, start)), measure)
            short |= {name: start + end for name, end in zip(equal, ends, strict=True)}
    return [short[name] for name in names]


def cut(text: str) -> str:
    """Cut a text to a readable length, and make it printable."""
    return printable(truncate_end(text, SHOWN_LENGTH))


def quoted(text: str) -> str:
    """Quote a value for a message, printable and cut to a readable length."""
    return f"'{cut(text)}'"


def alike(texts: Iterable[str]) -> list[list[str]]:
    """The texts that differ only in case or blanks, such as `Gold` and `gold `."""
    spellings: dict[str, list[str]] = {}
    for text in texts:
        spellings.setdefault("".join(text.casefold().split()), []).append(text)
    return [group for group in spellings.values() if len(group) > 1]


def natural_key(text: str) -> tuple[list[object], str]:
    """A sort key that compares the numbers in texts by value: `class 2` before `class 10`."""
    parts = (part.lstrip("0") if index % 2 else part for index, part in enumerate(_DIGITS.split(text)))
    # Numbers are compared by their length, then as text: Python refuses to convert very long ones.
    return [(len(part), part) if index % 2 else part for index, part in enumerate(parts)], text


def install_command(package: str) -> str:
    """The command that installs a library for this Python, wherever it is pasted; options may come before.

    Environments that uv makes have no pip; uv takes the same options.
    """
    python = shlex.quote(sys.executable or "python3")
    installer = f"{python} -m pip install" if _has_pip() else f"uv pip install --python {python}"
    return f"{installer} {package}"


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def capitalized(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def joined_words(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; `last` replaces the word `and`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def word_list(words: Sequence[str], limit: int = 12) -> str:
    """`a, b, c` for a message; a long list is cut and followed by its length."""
    some = ", ".join(map(printable, words[:limit]))
    return some if len(words) <= limit else f"{some}, … ({len(words):,} in all)"


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the closest option, ignoring case; empty if none is close.

    Of options that begin with the word, as with `acc` and `accuracy`, the shortest one is the closest.
    """
    by_folded = {option.casefold(): option for option in options}
    folded = word.casefold()
    longer = [option for option in by_folded if len(folded) >= SHORTEST_PREFIX and option.startswith(folded)]
    close = sorted(longer, key=len) or difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return f" (did you mean '{printable(by_folded[close[0]])}'?)" if close else ""


def nearest_file(name: str, names: Iterable[str]) -> str:
    """Like `did_you_mean`, for the names of files: that their endings are equal does not make them close."""
    stem = name.partition(".")[0]
    return did_you_mean(name, [other for other in names if did_you_mean(stem, [other.partition(".")[0]])])


def p_text(p: float, *, name: str = "p") -> str:
    """A p value in a sentence: `p = 0.021`, `p < 0.001`."""
    return f"{name} < 0.001" if p < 0.001 else f"{name} = {p_number(p)}"


def p_number(p: float) -> str:
    """A p value with three decimals, rounded so that one below 0.05 never looks like 0.05."""
    if p < 0.001:
        return "<0.001"
    text = f"{p:.3f}"
    return f"{p:.4f}" if text == "0.050" and p < 0.05 else text


def meant_number(text: str) -> float | None:
    """The number that a text with a percent sign or a decimal comma means: 0.05 for `5%`, 0.5 for `0,5`."""
    match = re.fullmatch(r"([0-9]+)([.,][0-9]+)?( ?%)?", text)
    if match is None:
        return None
    return float(text.rstrip("% ").replace(",", ".")) / (100 if match[3] else 1)


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`, `1,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def networks_words(count: int, *, plain_twins: bool) -> str:
    """`16 networks`; `8 networks and 8 plain twins` if half of them are twins of the others."""
    return twins_words(count) if plain_twins else counted(count, "network")


def twins_words(count: int) -> str:
    """`8 networks and 8 plain twins` for 16 networks, half of which are twins of the others."""
    return f"{counted(count // 2, 'network')} and {counted(count // 2, 'plain twin')}"


def parts_words(train: int, validation: int, test: int, *, bags: bool) -> str:
    """`96 train, 24 validation, 30 test`; with bags, the validation rows are those of the training part that
    are in a bag, as in `120 train, all but 1 of these also out-of-bag, 30 test`.
    """
    middle = f"{validation:,} validation"
    if bags:
        middle = f"all{f' but {train - validation:,}' if validation < train else ''} of these also out-of-bag"
    return f"{train:,} train, {middle}, {test:,} test"


def amount_done(done: int, planned: int | None, noun: str, *, bound: str = "at most") -> str:
    """`56 of at most 1,581 epochs`; `56 epochs` if there is no plan, or if it is exceeded."""
    if planned is None or done > planned:
        return counted(done, noun)
    return f"{done:,} of {bound} {counted(planned, noun)}"


def epoch_noun(folds: int) -> str:
    """What is counted if each trial is trained on `folds` folds."""
    return "epoch" if folds == 1 else "fold-epoch"


def bound_prefix(bound: str | None) -> str:
    """`at least ` or `about ` before a planned amount that may be exceeded; empty if it is a maximum."""
    return "" if bound in (None, "at most") else f"{bound} "


def bytes_text(size: int) -> str:
    """`12 B`, `3.4 kB`, `1.2 MB`: powers of 1,000, as the tools of most systems show them."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:,.1f} TB"


def time_left_text(seconds: float, *, is_bound: bool = False) -> str:
    """`about 12 s left`, `about 13 min left`, `about 3 h left`; of a bound `at most 12 s left`."""
    amount, unit = next(
        (seconds / size, unit)
        for size, unit in ((1, "s"), (60, "min"), (3600, "h"))
        if seconds < 120 * size or unit == "h"
    )
    return f"{'at most' if is_bound else 'about'} {amount:,.0f} {unit} left"
