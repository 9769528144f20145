"""Tables as people have them: dates, currencies, an index column, free text and so on. All are made here.

Seeds are fixed, so the rows are the same everywhere. `MESSY` names the target of each table, and what fnnctl
has to say about it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

WORDS = [
    "the", "and", "very", "good", "bad", "slow", "quick", "parcel", "arrived", "late", "broken", "fine",
    "colour", "blue", "red", "price", "cheap", "dear", "box", "service", "polite", "rude", "again", "never",
    "always", "friend", "gift", "house", "garden", "works", "stopped", "battery", "screen", "new", "old",
]  # fmt: skip
CITIES = [
    f"{first}{second}"
    for first in ("North", "Old", "New", "Port ", "Saint ", "Upper ", "Lower ", "Great ", "Mount ", "West")
    for second in WORDS
]


@dataclass(frozen=True, slots=True)
class Messy:
    """A made table."""

    make: Callable[[], bytes]
    """The file's bytes."""
    target: str
    expected: tuple[str, ...] = ()
    """Regular expressions, each of which must match the messages of `init` or `check`."""
    name: str = "table.csv"


def text_of(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ",", first: str = ""
) -> str:
    """A CSV file, after a `first` line if there is one."""
    out = io.StringIO()
    out.write(first)
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    return text_of(header, rows).encode()


def _noisy(rng: np.random.Generator, signal: Sequence[float], noise: float = 0.5) -> list[float]:
    values = np.array(signal)
    noisy: list[float] = (values + noise * values.std() * rng.normal(size=len(values))).tolist()
    return noisy


def _comma(value: float, decimals: int = 2) -> str:
    return f"{value:.{decimals}f}".replace(".", ",")


def dates() -> bytes:
    """Daily sales with a season, a weekly cycle and growth; days are written as day/month/year."""
    rng, first = np.random.default_rng(1), datetime(2021, 3, 1)
    days = [first + timedelta(days=day) for day in range(700)]
    sales = _noisy(rng, [100 + 0.05 * n + 30 * (day.weekday() >= 5) for n, day in enumerate(days)], 0.3)
    promo = rng.integers(0, 2, len(days)).tolist()
    columns = zip(days, promo, sales, strict=True)
    rows = ((day.strftime("%d/%m/%Y"), p, f"{s + 10 * p:.1f}") for day, p, s in columns)
    return _csv(("day", "promotion", "sales"), rows)


def timestamps() -> bytes:
    """Whether a request failed, by time of day; ISO timestamps with an offset."""
    rng, first = np.random.default_rng(2), datetime(2024, 1, 1)
    rows = []
    for _ in range(800):
        at = first + timedelta(seconds=int(rng.integers(0, 60 * 24 * 3600)))
        failed = rng.random() < (0.7 if at.hour < 6 else 0.15)
        rows.append((at.isoformat() + "+01:00", f"{rng.gamma(2.0):.3f}", "failed" if failed else "ok"))
    return _csv(("received_at", "load", "outcome"), rows)


def currency() -> bytes:
    """Houses with prices like `$1,234,500`, rates like `0.5%` and areas like `24,070`."""
    rng, rows = np.random.default_rng(3), []
    for _ in range(500):
        area, rate = rng.uniform(800, 24_070), rng.uniform(0.1, 9.9)
        price = 150 * area * (1.1 - rate / 30) * rng.lognormal(0, 0.1)
        fee = f"${rng.lognormal(6, 1):,.2f}" if rng.random() < 0.9 else ""
        rows.append((f"{area:,.0f}", f"{rate:.1f}%", fee, rng.choice(("north", "south")), f"${price:,.0f}"))
    return _csv(("area", "tax rate", "fee", "side", "price"), rows)


def index_column() -> bytes:
    """As pandas' `to_csv` writes it: the first column has no name and counts the rows."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(300, 3))
    classes = np.where(values[:, 0] + 0.5 * values[:, 1] + 0.3 * rng.normal(size=300) > 0, "up", "down")
    rows = ((n, *(f"{v:.4f}" for v in values[n]), classes[n]) for n in range(300))
    return _csv(("", "a", "b", "c", "direction"), rows)


def leak() -> bytes:
    """Loans; `closing_code` is only known once a loan has failed or not."""
    rng, rows = np.random.default_rng(5), []
    for _ in range(600):
        income, debt = rng.gamma(4.0, 12.0), rng.gamma(2.0, 10.0)
        failed = rng.random() < 1 / (1 + np.exp(0.05 * income - 0.06 * debt))
        code = "C9" if failed else rng.choice(("A1", "A2", "B1"))
        rows.append((f"{income:.1f}", f"{debt:.1f}", code, "yes" if failed else "no"))
    return _csv(("income", "debt", "closing_code", "failed"), rows)


def rare() -> bytes:
    """One row in a hundred is a fraud, and the columns say little about it."""
    rng, rows = np.random.default_rng(6), []
    for n in range(3000):
        fraud = n % 100 == 0
        amount = rng.lognormal(3.0 + 0.7 * fraud, 1.0)
        rows.append((f"{amount:.2f}", int(rng.integers(0, 24)), f"{rng.normal():.3f}", int(fraud)))
    return _csv(("amount", "hour", "score", "fraud"), rows)


def classes30() -> bytes:
    """Thirty species, some of which are hard to tell apart."""
    rng = np.random.default_rng(7)
    centres, rows = rng.normal(scale=2.0, size=(30, 6)), []
    for n in range(2400):
        point = centres[n % 30] + rng.normal(size=6)
        rows.append((*(f"{v:.3f}" for v in point), f"species {n % 30 + 1:02}"))
    return _csv((*(f"trait {j}" for j in range(1, 7)), "species"), rows)


def free_text() -> bytes:
    """Reviews: a text and a customer number in every row, and two columns that say something."""
    rng, rows = np.random.default_rng(8), []
    for n in range(800):
        days, price = int(rng.integers(1, 20)), rng.gamma(2.0, 20.0)
        review = " ".join(rng.choice(WORDS, int(rng.integers(5, 15))))
        stars = int(np.clip(round(5 - days / 5 + rng.normal(scale=0.7)), 1, 5))
        rows.append((f"K{n * 7 + 1000}", review, days, f"{price:.2f}", stars))
    return _csv(("customer", "review", "days", "price", "stars"), rows)


def wide() -> bytes:
    """More columns than rows: 200 rows of 1,000 numbers."""
    rng = np.random.default_rng(9)
    values = rng.normal(size=(200, 1000))
    values[100:, :40] += 1.0
    rows = ((*(f"{v:.3f}" for v in row), "case" if n >= 100 else "control") for n, row in enumerate(values))
    return _csv((*(f"gene{j}" for j in range(1000)), "group"), rows)


def decimal_commas() -> bytes:
    """As a German spreadsheet writes it: semicolons, `1.234,56` and `TT.MM.JJJJ`."""
    rng, rows, first = np.random.default_rng(10), [], datetime(2020, 1, 1)
    for _ in range(500):
        day = first + timedelta(days=int(rng.integers(0, 1000)))
        length, weight = rng.uniform(1, 9), rng.uniform(500, 4000)
        thousands, rest = divmod(weight, 1000)
        grouped = f"{int(thousands)}.{_comma(rest):0>6}" if thousands else _comma(rest)
        cost = 3 * length + weight / 200 + rng.normal()
        heavy = "ja" if weight > 2000 else "nein"
        rows.append((day.strftime("%d.%m.%Y"), _comma(length), grouped, heavy, _comma(cost)))
    header = ("Datum", "Länge", "Gewicht", "schwer", "Kosten")
    return text_of(header, rows, delimiter=";").encode()


def excel() -> bytes:
    """As Excel saves it: UTF-16 with a mark, and a first line that names the delimiter."""
    rng, rows = np.random.default_rng(11), []
    for n in range(400):
        x, y = rng.normal(), rng.normal()
        colour, compared = ("rot", "grün", "blau")[n % 3], "größer" if x > y else "kleiner"
        rows.append((f"{x:.3f}", f"{y:.3f}", colour, compared))
    text = text_of(("erster", "zweiter", "farbe", "vergleich"), rows, delimiter=";", first="sep=;\n")
    return text.replace("\n", "\r\n").encode("utf-16")


def spellings() -> bytes:
    """Yes and no in many spellings, and gaps."""
    rng, rows = np.random.default_rng(12), []
    yes, no = ("Yes", "yes", "Y", "TRUE", "y "), ("No", "no", "N", "FALSE", "n")
    for _ in range(500):
        smokes, sports, age = rng.random() < 0.4, rng.random() < 0.5, int(rng.integers(18, 90))
        ill = rng.random() < 1 / (1 + np.exp(3.5 - 2 * smokes + sports - 0.04 * age))
        words = [rng.choice(yes if each else no) if rng.random() > 0.05 else "" for each in (smokes, sports)]
        rows.append((*words, age, "True" if ill else "False"))
    return _csv(("smokes", "sports", "age", "ill"), rows)


def many_categories() -> bytes:
    """A column of about 250 towns in 1,000 rows: one feature for each would be most of the network."""
    rng, rows = np.random.default_rng(13), []
    effect = rng.normal(scale=0.5, size=len(CITIES))
    shares = rng.dirichlet(np.full(len(CITIES), 1.0))
    for town in rng.choice(len(CITIES), 1000, p=shares).tolist():
        size = rng.gamma(3.0, 30.0)
        rent = 5 * size * np.exp(0.3 * effect[town]) * rng.lognormal(0, 0.1)
        rows.append((CITIES[town], f"{size:.0f}", f"{rent:.2f}"))
    return _csv(("town", "size", "rent"), rows)


def few_rows() -> bytes:
    """Twenty-four rows: a pilot study."""
    rng, arms = np.random.default_rng(14), ("drug", "placebo")
    rows = ((f"{rng.normal() + n % 2:.2f}", f"{rng.normal():.2f}", arms[n % 2]) for n in range(24))
    return _csv(("response", "age", "arm"), rows)


MESSY: dict[str, Messy] = {
    "dates": Messy(dates, "sales", (r"dates and times as numbers: day: '01/03/2021'",)),
    "timestamps": Messy(timestamps, "outcome", (r"dates and times as numbers: received_at",)),
    "currency": Messy(
        currency,
        "price",
        (r"tax rate: .* is read as 0\.0", r"area: '.,...' is read as", r"price: '\$.* is read as"),
    ),
    "index": Messy(index_column, "direction", (r"first column.*no name",)),
    "leak": Messy(leak, "failed", (r"closing_code.*alone",)),
    "rare": Messy(
        rare, "fraud", (r"has 30 of 3,000 rows: if too few of them are found, activate model.threshold",)
    ),
    "classes30": Messy(classes30, "species"),
    "text": Messy(free_text, "stars", (r"'review' \(nearly all", r"'customer' \(nearly all")),
    "wide": Messy(wide, "group"),
    "decimal_commas": Messy(decimal_commas, "Kosten", (r"Länge: '.,..' is read", r"Datum: .*2022")),
    "excel": Messy(excel, "vergleich"),
    "spellings": Messy(spellings, "ill", (r"one category for all spellings: smokes",)),
    "many_categories": Messy(many_categories, "rent", (r"more than 200 categories: 'town'",)),
    "few_rows": Messy(few_rows, "arm"),
}
