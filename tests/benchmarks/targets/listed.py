"""The tables, by the kind of target and by name.

What is known only after the target is left out, and so is what is made of other columns (squares, logarithms,
indicators). Of panels with few rows per person or route, one row of each is drawn; other units with several
rows are in several folds, without the column that names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.benchmarks.targets.sources import Source
from tests.benchmarks.targets.tables import AMOUNTS, COUNTS, ORDERED, QUANTILES, ZEROS

if TYPE_CHECKING:
    from pandas import DataFrame


def _where(condition: str, rows: DataFrame) -> DataFrame:
    return rows.query(condition)


def _without_parts_of_deaths(rows: DataFrame) -> DataFrame:
    """Without the numbers of parts of the dead and of the population."""
    parts = [name for name in rows if "fatal" in name or name.startswith("pop")]
    return rows.drop(columns=[name for name in parts if name not in ("fatal", "pop")])


def _person_years(rows: DataFrame) -> DataFrame:
    """The exposure is the population in the time for which there are reports."""
    rows = rows[rows.weeks_reporting > 0]
    years = (rows.population * rows.weeks_reporting / 52).round()
    return rows.assign(person_years=years).drop(columns=["population", "weeks_reporting"])


def _tenants(rows: DataFrame) -> DataFrame:
    """A row per tenant in place of one per combination."""
    return rows.loc[rows.index.repeat(rows.Freq)].drop(columns="Freq")


RAND: Final = """
tookphys black income xage female educdec num mhi disea physlm ghindx mdeoff pioff child fchild hlthg hlthf
hlthp plan site coins year time
"""
"""What is known of a person before the year's visits and costs, and the share of the year."""


def _rand(target: str, rows: DataFrame) -> DataFrame:
    """The health insurance experiment of RAND, with one of the outcomes."""
    return rows[[*RAND.split(), "zper", target]]


INJURY: Final = "afchnge highearn male married hosp indust injtype age prewage benefit ky"
"""What is known of an injured worker at first."""


def _injury(target: str, rows: DataFrame) -> DataFrame:
    """Claims of injured workers, with one of the outcomes."""
    return rows[[*INJURY.split(), target]]


_visits, _dollars = partial(_rand, "mdvis"), partial(_rand, "meddol")


def _positive_dollars(rows: DataFrame) -> DataFrame:
    return _dollars(rows[rows.meddol > 0]).drop(columns="time")


def _positive_costs(rows: DataFrame) -> DataFrame:
    return _injury("totmed", rows[rows.totmed > 0])


def _codes(first: int, last: int, step: int = 1) -> tuple[str, ...]:
    return tuple(str(code) for code in range(first, last + 1, step))


OF_COUNTS: Final[Mapping[str, Source]] = {
    "arrests": Source(
        COUNTS,
        "wooldridge/crime1",
        "narr86",
        "arrests of a man in 1986; 72 % are 0",
        without="nfarr86 nparr86 pcnvsq pt86sq inc86sq",
    ),
    "articles": Source(COUNTS, "AER/PhDPublications", "articles", "articles in the last 3 years of a PhD"),
    "bikes": Source(
        COUNTS,
        "ISLP/Bikeshare",
        "bikers",
        "bikes rented in an hour, 1 to 651",
        without="casual registered",
    ),
    "diseases": Source(
        COUNTS,
        "dslabs/us_contagious_diseases",
        "count",
        "cases of a disease in a state and a year; strongly overdispersed",
        exposure="person_years",
        prepare=lambda rows: _person_years(rows.dropna()),
    ),
    "doctor_visits": Source(COUNTS, "AER/DoctorVisits", "visits", "visits in two weeks; 80 % are 0"),
    "fish": Source(
        COUNTS,
        "COUNT/fishing",
        "totabund",
        "fish caught at a site per swept area",
        without="site density period",
        exposure="sweptarea",
    ),
    "german_visits": Source(
        COUNTS,
        "COUNT/rwm1984",
        "docvis",
        "visits in a year; 42 % are 0, the largest is 121",
        without="hospvis edlevel1 edlevel2 edlevel3 edlevel4",
    ),
    "home_runs": Source(
        COUNTS,
        "openintro/mlbbat10",
        "home_run",
        "home runs of a player per turn at bat",
        without="name run hit rbi total_base obp slg bat_avg",
        exposure="at_bat",
        prepare=partial(_where, "at_bat > 0"),
    ),
    "lake_trips": Source(
        COUNTS, "AER/RecreationDemand", "trips", "boating trips to a lake; 63 % are 0, the largest is 88"
    ),
    "melanoma": Source(
        COUNTS,
        "mlmRev/Mmmec",
        "deaths",
        "deaths by melanoma in a county beside the expected ones",
        without="region county",
        exposure="expected",
    ),
    "murders": Source(
        COUNTS,
        "wooldridge/countymurders",
        "murders",
        "murders in a county and a year; 42 % are 0, the largest is 1,944",
        without="arrests countyid countyfips murdrate arrestrate lpopul execrate",
        codes="statefips",
        exposure="popul",
    ),
    "physician_visits": Source(
        COUNTS,
        "AER/NMES1988",
        "visits",
        "visits of people over 65; the largest is 89",
        without="nvisits ovisits novisits",
    ),
    "rand_visits": Source(
        COUNTS,
        "sampleSelection/RandHIE",
        "mdvis",
        "visits in a year, or in the part of it in which a person took part",
        codes="plan site",
        unit="zper",
        exposure="time",
        prepare=_visits,
    ),
    "road_deaths": Source(
        COUNTS,
        "AER/Fatalities",
        "fatal",
        "deaths on roads of a state and a year, 79 to 5,504",
        exposure="pop",
        prepare=_without_parts_of_deaths,
    ),
    "ticks": Source(
        COUNTS,
        "lme4/grouseticks",
        "TICKS",
        "ticks on the heads of grouse chicks, 0 to 85",
        without="INDEX BROOD cHEIGHT",
        codes="LOCATION",
    ),
}

OF_AMOUNTS: Final[Mapping[str, Source]] = {
    "check_times": Source(
        AMOUNTS,
        "modeldata/check_times",
        "check_time",
        "seconds that the check of an R package takes",
        without="package status",
    ),
    "claim_costs": Source(
        AMOUNTS,
        "wooldridge/injury",
        "totmed",
        "medical costs of an injured worker's claim; very heavy tail",
        codes="indust injtype",
        prepare=_positive_costs,
    ),
    "claim_weeks": Source(
        AMOUNTS,
        "wooldridge/injury",
        "durat",
        "weeks of benefits of an injured worker, 0.25 to 182",
        codes="indust injtype",
        prepare=partial(_injury, "durat"),
    ),
    "clothing_sales": Source(
        AMOUNTS, "Ecdat/Clothing", "tsales", "sales of a shop for clothes in a year", without="sales"
    ),
    "computers": Source(AMOUNTS, "Ecdat/Computers", "price", "price of a computer"),
    "family_income": Source(
        AMOUNTS, "wooldridge/k401ksubs", "inc", "income of a family", without="incsq agesq"
    ),
    "fares": Source(
        AMOUNTS,
        "wooldridge/airfare",
        "fare",
        "fare of a route",
        without="y98 y99 y00 lfare ldist ldistsq concen lpassen",
        unit="id",
    ),
    "medical_costs": Source(
        AMOUNTS,
        "sampleSelection/RandHIE",
        "meddol",
        "medical costs in a year of those who had any",
        codes="plan site",
        unit="zper",
        prepare=_positive_dollars,
    ),
    "wages": Source(AMOUNTS, "AER/CPS1988", "wage", "wage of a week"),
}

OF_ZEROS: Final[Mapping[str, Source]] = {
    "cigarettes": Source(
        ZEROS,
        "wooldridge/smoke",
        "cigs",
        "cigarettes on a day; 62 % are 0",
        without="lincome agesq lcigpric",
    ),
    "earnings": Source(
        ZEROS,
        "wooldridge/jtrain3",
        "re78",
        "earnings in 1978; 12 % are 0",
        without="agesq trre74 trre75 trun74 trun75 avgre travgre unem78 em78",
    ),
    "gifts": Source(ZEROS, "wooldridge/charity", "gift", "gift to a charity; 60 % are 0", without="respond"),
    "labour_income": Source(
        ZEROS,
        "wooldridge/labsup",
        "labinc",
        "income of a mother; 41 % are 0",
        without="worked weeks hours faminc agesq",
    ),
    "medical_dollars": Source(
        ZEROS,
        "sampleSelection/RandHIE",
        "meddol",
        "medical costs in a year; 22 % are 0",
        codes="plan site",
        unit="zper",
        exposure="time",
        prepare=_dollars,
    ),
    "rain": Source(ZEROS, "crch/RainIbk", "rain", "rain in 3 days, from 11 forecasts; 26 % are 0"),
    "working_hours": Source(
        ZEROS, "Ecdat/Workinghours", "hours", "hours that a wife works in a year; 26 % are 0"
    ),
}

OF_QUANTILES: Final[Mapping[str, Source]] = {
    "birth_weights": Source(
        QUANTILES,
        "Stat2Data/NCbirths",
        "BirthWeightGm",
        "weight at birth; skewed to the left",
        without="ID RaceMom BirthWeightOz Low Premie",
    ),
    "check_times": OF_AMOUNTS["check_times"],
    "computers": OF_AMOUNTS["computers"],
    "deliveries": Source(
        QUANTILES,
        "modeldata/deliveries",
        "time_to_delivery",
        "minutes until a meal is delivered; the spread grows with the hour",
    ),
    "diamonds": Source(QUANTILES, "ggplot2/diamonds", "price", "price of a diamond"),
    "fares": OF_AMOUNTS["fares"],
    "food_shares": Source(
        QUANTILES, "Ecdat/BudgetFood", "wfood", "share of food in the expenses of a household"
    ),
    "houses": Source(QUANTILES, "mosaicData/SaratogaHouses", "price", "price of a house"),
    "net_assets": Source(
        QUANTILES,
        "wooldridge/k401ksubs",
        "nettfa",
        "net financial assets, some of them negative; very heavy tail",
        without="incsq agesq",
    ),
    "wages": OF_AMOUNTS["wages"],
}

OF_ORDERED: Final[Mapping[str, Source]] = {
    "aggression": Source(
        ORDERED,
        "lme4/VerbAgg",
        "resp",
        "would a person curse, scold or shout? 24 situations of each person",
        without="id r2",
        class_order=("no", "perhaps", "yes"),
    ),
    "arthritis": Source(
        ORDERED,
        "multgee/arthritis",
        "y",
        "a patient's own score; three visits of each",
        without="id",
        class_order=_codes(1, 5),
    ),
    "career": Source(
        ORDERED,
        "modeldata/stackoverflow",
        "CareerSatisfaction",
        "satisfaction with a career; eleven classes, some of them rare",
        class_order=_codes(0, 10),
    ),
    "chemistry": Source(
        ORDERED,
        "mlmRev/Chem97",
        "score",
        "grade in chemistry",
        without="lea school student gcsecnt",
        class_order=_codes(0, 10, 2),
    ),
    "cut": Source(
        ORDERED,
        "ggplot2/diamonds",
        "cut",
        "cut of a diamond",
        class_order=("Fair", "Good", "Very Good", "Premium", "Ideal"),
    ),
    "economy": Source(
        ORDERED,
        "carData/BEPS",
        "economic.cond.national",
        "how a voter sees the economy",
        class_order=_codes(1, 5),
    ),
    "happiness": Source(
        ORDERED,
        "wooldridge/happiness",
        "happy",
        "general happiness in a survey",
        without="vhappy y94 y96 y98 y00 y02 y04 y06 blackfemale gwbush04 gwbush00 occattend regattend",
        class_order=("not too happy", "pretty happy", "very happy"),
    ),
    "health": Source(
        ORDERED,
        "stevedata/mm_nhis",
        "hlth",
        "a person's own view of the health",
        without="perweight",
        class_order=_codes(1, 5),
    ),
    "housing": Source(
        ORDERED,
        "MASS/housing",
        "Sat",
        "satisfaction of tenants; three categories, 24 distinct rows",
        class_order=("Low", "Medium", "High"),
        prepare=_tenants,
    ),
    "jobs": Source(
        ORDERED, "AER/BankWages", "job", "job in a bank", class_order=("custodial", "admin", "manage")
    ),
    "marriages": Source(
        ORDERED, "AER/Affairs", "rating", "a person's own rating of the marriage", class_order=_codes(1, 5)
    ),
    "poverty": Source(
        ORDERED,
        "carData/WVS",
        "poverty",
        "does the government do enough for the poor?",
        class_order=("Too Little", "About Right", "Too Much"),
    ),
    "soup": Source(
        ORDERED,
        "ordinal/soup",
        "SURENESS",
        "how sure a taster is that a soup is the reference",
        without="RESP",
        codes="PRODID DAY",
        class_order=_codes(1, 6),
    ),
}

SOURCES: Final[Mapping[str, Mapping[str, Source]]] = {
    COUNTS: OF_COUNTS,
    AMOUNTS: OF_AMOUNTS,
    ZEROS: OF_ZEROS,
    QUANTILES: OF_QUANTILES,
    ORDERED: OF_ORDERED,
}
"""By the kind of target, and by name."""
