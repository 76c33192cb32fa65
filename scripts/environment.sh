#!/bin/sh
# Makes the virtual environment at $2 with the interpreter $1: by uv where it is present, else by venv and pip.
set -eu
python=$1
venv=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "mooring needs Python 3.11 or later; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12" >&2
    exit 1
}
if command -v uv >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
    VIRTUAL_ENV=$(cd "$venv" && pwd) uv pip install --quiet --editable '.[all]' --group dev
else
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    # Dependency groups need pip 25.1.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[all]' --group dev
fi
