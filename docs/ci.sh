#!/bin/sh
# Trains a model, checks it against gates, searches for a better one, and compares the two.
# Run it in a checkout of fnnctl, which has these configs, or put your own in their place.
# Usage: ci.sh [RUNS_DIR [RESULTS_DIR]]. The exit code is that of the first command that fails.
set -eu
export FNNCTL_RUNS_DIR="${1:-runs}"
results=${2:-results}
mkdir -p "$results"

field() { # field FILE NAME...: a value from a JSON object; any Python 3 will do
  python3 - "$@" << 'END'
import json, sys
value = json.load(open(sys.argv[1], encoding="utf-8"))
for name in sys.argv[2:]:
    value = value[int(name) if isinstance(value, list) else name]
print(value)
END
}

# 1. Are the configs valid? (2 if not: one line per problem)
fnnctl check configs/wine.yaml configs/wine-grid.yaml

# 2. Train. The JSON object names the run's folder.
fnnctl train configs/wine.yaml --no-figures --json > "$results/train.json"
run=$(field "$results/train.json" run)

# 3. Gates. (1 if one is missed)
fnnctl report "$run" --quiet --fail-under accuracy=0.9 --fail-under log_loss=0.4 --junit "$results/gates.xml"

# 4. Search.
fnnctl search configs/wine-grid.yaml --max-trials 4 --no-figures --json > "$results/search.json"
search=$(field "$results/search.json" run)
echo "best configuration: $(field "$results/search.json" best configuration)"

# 5. Is the search's winner better than the trained network, or at least not worse?
fnnctl compare "$search" "$run" --json > "$results/comparison.json"
case $(field "$results/comparison.json" comparisons 0 verdict) in
  better) echo "the search's winner is better than the trained network" ;;
  worse) echo "the search's winner is worse than the trained network" ;;
  tie) echo "the search's winner and the trained network are a tie at this sample size" ;;
esac
fnnctl report "$search" --quiet --not-worse-than "$run"

# 6. A summary for the job's page.
fnnctl report "$run" "$search" --format markdown --short --output "$results/summary.md"
