#!/bin/sh
# A model that lives: each night the champion is trained on, and the result takes its place if it is shown to be
# hardly worse on new rows.
# Usage: nightly.sh TABLE TARGET NEW ROWS MARGIN [RUNS_DIR [RESULTS_DIR]]
#   TABLE   the rows to train on, TARGET the column to predict
#   NEW     labelled rows that no network was trained on; when it is done, append them to TABLE for the next night
#   ROWS    the rows to predict
#   MARGIN  how much worse a new network may be, in units of the metric: 0.02 are two points of accuracy
# The exit code is 1 if the new network missed the gate; else that of the first command that fails. Either way the
# champion stays what it was, as it does if the script is killed: `runs promote` is the only step that changes it.
set -eu
test $# -ge 5 || { echo "usage: $0 TABLE TARGET NEW ROWS MARGIN [RUNS_DIR [RESULTS_DIR]]" >&2; exit 2; }
table=$1 target=$2 new=$3 rows=$4 margin=$5
export FNNCTL_RUNS_DIR="${6:-runs}"
results=${7:-results}
mkdir -p "$results"
missed=0 shifted=0 start=""

# 1. The experiment. It is written on the first night; change it as you like.
test -e fnnctl.yaml || fnnctl init --data "$table" --target "$target" || test -e fnnctl.yaml

# 2. Are the new rows like those that the champion was trained on? If they are, it is trained on; if not, and on the
#    first night, a network is trained from nothing.
promoted=$(fnnctl runs promote --history --quiet)
if echo "$promoted" | grep -q "^champion "; then
  fnnctl predict champion "$new" --drift "$results/drift.csv" --fail-on-drift --output "$results/new.csv" || shifted=$?
  test "$shifted" -le 1 || exit "$shifted"
  test "$shifted" -eq 1 || start="--warm-start=champion"
fi

# 3. Train on the table, test on the new rows. With --quiet, the run's folder is all that is printed; the summary
#    has the scores, and a warning if the new rows are unlike the table.
run=$(fnnctl train $start --set "data.source=$table" --set "data.target=$target" --set "data.test_source=$new" \
  --no-figures --quiet)
fnnctl report "$run" --format markdown --short --output "$results/summary.md"

# 4. The gate: the champion is scored on the same rows, so that the two are compared row by row.
if echo "$promoted" | grep -q "^champion "; then
  fnnctl report "$run" --not-worse-than champion --same-rows --margin "$margin" --quiet --junit "$results/gate.xml" \
    || missed=$?
  test "$missed" -le 1 || exit "$missed"
fi
test "$missed" -eq 1 || fnnctl runs promote "$run" --as champion

# 5. Predict with the champion, which is the old one if the new network missed the gate.
fnnctl predict champion "$rows" --output "$results/predictions.csv"
exit "$missed"
