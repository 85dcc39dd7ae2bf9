# Every text of the layouts in which corpora are published goes where it belongs.
python3 -B "$SOURCE/tests/e2e/layouts.py" "$CURATE" "$DATA/layouts"
