#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Load exports of every layout with the loaders of LLaMA-Factory and TRL: run.sh CURATE [FOLDER]
#
# FOLDER, outside the repository, gets a virtual environment with the packages and the exports;
# the default is a folder in $TMPDIR. Later runs reuse the environment. The packages come from
# PyPI; the modules of LLaMA-Factory that need PyTorch are not loaded.
set -eu
curate=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
folder=${2:-${TMPDIR:-/tmp}/curate-loaders}

mkdir -p "$folder"
if [ ! -x "$folder/venv/bin/python" ]; then
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet datasets==5.2.0 transformers==5.24.0 jinja2==3.1.6
    "$folder/venv/bin/pip" install --quiet --no-deps llamafactory==0.9.5 trl==1.16.0
fi
cd "$folder"
export TRANSFORMERS_VERBOSITY=error
exec "$folder/venv/bin/python" "$here/check.py" "$curate" "$folder"
