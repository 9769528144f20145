"""The data sets that come with fnnctl. Their descriptions stand here, so that a list needs no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BuiltinInfo:
    """What `fnnctl datasets` tells of a data set; the columns are those beside the target."""

    file: str
    rows: int
    numeric: int
    categorical: int
    classes: tuple[str, ...]
    target: str
    source: str
    licence: str
    description: str


BUILTIN: dict[str, BuiltinInfo] = {
    "iris": BuiltinInfo(
        file="iris.csv",
        rows=150,
        numeric=4,
        categorical=0,
        classes=("setosa", "versicolor", "virginica"),
        target="species",
        source="R. A. Fisher, Iris, UCI Machine Learning Repository, doi:10.24432/C56C76, as in scikit-learn",
        licence="CC BY 4.0",
        description="Three species of iris by the size of sepal and petal",
    ),
    "wine": BuiltinInfo(
        file="wine.csv",
        rows=178,
        numeric=13,
        categorical=0,
        classes=("class_0", "class_1", "class_2"),
        target="cultivar",
        source=(
            "S. Aeberhard and M. Forina, Wine, UCI Machine Learning Repository, doi:10.24432/C5PC7J, "
            "as in scikit-learn"
        ),
        licence="CC BY 4.0",
        description="Italian wines of three cultivars by a chemical analysis",
    ),
    "breast_cancer": BuiltinInfo(
        file="breast_cancer.csv",
        rows=569,
        numeric=30,
        categorical=0,
        classes=("benign", "malignant"),
        target="diagnosis",
        source=(
            "W. Wolberg, O. Mangasarian, N. Street and W. Street, Breast Cancer Wisconsin (Diagnostic), "
            "UCI Machine Learning Repository, doi:10.24432/C5DW2B, as in scikit-learn"
        ),
        licence="CC BY 4.0",
        description="Benign and malignant breast masses by measurements of their cell nuclei",
    ),
    "digits": BuiltinInfo(
        file="digits.csv.gz",
        rows=1797,
        numeric=64,
        categorical=0,
        classes=("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
        target="digit",
        source=(
            "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (the test part), "
            "UCI Machine Learning Repository, doi:10.24432/C50P49, as in scikit-learn"
        ),
        licence="CC BY 4.0",
        description="Handwritten digits as images of 8 by 8 pixels",
    ),
    "penguins": BuiltinInfo(
        file="penguins.csv",
        rows=344,
        numeric=5,
        categorical=2,
        classes=("Adelie", "Chinstrap", "Gentoo"),
        target="species",
        source="K. Gorman; A. Horst, A. Hill and K. Gorman, palmerpenguins, doi:10.5281/zenodo.3960218",
        licence="CC0 1.0",
        description="Three species of penguin by their size, sex and island, with missing values",
    ),
}


@contextmanager
def builtin_path(name: str) -> Iterator[Path]:
    """Give the path of a built-in data set's file, also where the package is not a folder."""
    with as_file(files("fnnctl.data") / "builtin" / BUILTIN[name].file) as path:
        yield path
