#!/bin/bash
# Builds the fuzz targets for ClusterFuzzLite and OSS-Fuzz: to OUT each with its corpus, its dictionary and its limits (docs/fuzzing.md).
set -euo pipefail
cd "$SRC/handfast"
folder=$PWD/fuzz/target
cargo fuzz build -O --debug-assertions --target-dir "$folder"
host=$(rustc -vV | sed -n 's/^host: //p')
for source in fuzz/fuzz_targets/*.rs; do
    name=$(basename "$source" .rs)
    # It measures the fuzzer itself.
    [ "$name" != empty ] || continue
    cp "$folder/$host/release/$name" "$OUT/"
    (cd "fuzz/corpus/$name" && python3 -m zipfile -c "$OUT/${name}_seed_corpus.zip" ./*)
    cp "fuzz/dictionaries/$name.dict" "$OUT/"
    # Those of scripts/fuzz.
    length=$(python3 -B -c "import sys; sys.path.append('scripts'); from fuzzing import LONGEST; print(LONGEST.get('$name', 512))")
    printf '[libfuzzer]\nmax_len = %s\ntimeout = 20\nrss_limit_mb = 2048\n' "$length" > "$OUT/$name.options"
done
