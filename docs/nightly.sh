#!/bin/sh
# Trains the network again, and uses it if it is shown to be hardly worse on new rows than the one in use.
# Usage: nightly.sh TABLE TARGET NEW ROWS MARGIN [RUNS_DIR [RESULTS_DIR]]
#   TABLE   the rows to train on, TARGET the column to predict
#   NEW     labelled rows that no network was trained on; when it is done, append them to TABLE for the next night
#   ROWS    the rows to predict
#   MARGIN  how much worse a new network may be, in units of the metric: 0.02 are two points of accuracy
# The exit code is 1 if the new network missed the gate and the old one stays in use; else that of the first
# command that fails.
set -eu
test $# -ge 5 || { echo "usage: $0 TABLE TARGET NEW ROWS MARGIN [RUNS_DIR [RESULTS_DIR]]" >&2; exit 2; }
table=$1 target=$2 new=$3 rows=$4 margin=$5
export FNNCTL_RUNS_DIR="${6:-runs}"
results=${7:-results}
mkdir -p "$results"
in_use=$results/in-use.txt # the folder of the run that predicts
missed=0

# 1. The experiment. It is written on the first night; change it as you like.
test -e fnnctl.yaml || fnnctl init --data "$table" --target "$target"

# 2. Train on the table, test on the new rows. With --quiet, the run's folder is all that is printed; the summary
#    has the scores, and a warning if the new rows are unlike the table.
run=$(fnnctl train --set "data.source=$table" --set "data.target=$target" --set "data.test_source=$new" \
  --no-figures --quiet)
fnnctl report "$run" --format markdown --short --output "$results/summary.md"

# 3. Score the network in use on the same rows, so that the two are compared row by row, and apply the gate.
if test -e "$in_use"; then
  old=$(fnnctl evaluate "$(cat "$in_use")" --data "$new" --no-figures --quiet)
  fnnctl report "$run" --not-worse-than "$old" --margin "$margin" --quiet --junit "$results/gate.xml" || missed=$?
  test "$missed" -le 1 || exit "$missed"
fi
test "$missed" -eq 1 || echo "$run" > "$in_use"

# 4. Predict, with the old network if the new one missed the gate.
fnnctl predict "$(cat "$in_use")" "$rows" --output "$results/predictions.csv"
exit "$missed"
