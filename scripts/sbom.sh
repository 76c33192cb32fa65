#!/bin/sh
# Lists what an installation of the wheel in dist/ with all extras brings: interpreter $1, cyclonedx-py of the environment $2.
set -eu
python=$1
packaging=$2
clean=$(mktemp -d)
trap 'rm -rf "$clean"' EXIT
"$python" -m venv --without-pip "$clean"
wheel=$(ls dist/mooring-*.whl)
"$packaging/bin/pip" --python "$clean/bin/python" install --quiet --disable-pip-version-check "$wheel[all]"
"$packaging/bin/cyclonedx-py" environment --output-reproducible --pyproject pyproject.toml \
    --output-file dist/mooring.cdx.json "$clean/bin/python"
echo "dist/mooring.cdx.json"
