#!/usr/bin/env bash
# Makes an environment with the pinned packages that grading needs, for CPUs, and with nothing else.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"
index="${TORCH_INDEX:-@INDEX@}"  # the wheel index of torch's CPU build; empty for where pip takes everything

find_python() {
    local candidate
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

if ! python="$(find_python)"; then
    apt-get update -qq
    apt-get install -qq --yes --no-install-recommends python3.12 python3.12-venv ||
        apt-get install -qq --yes --no-install-recommends python3.11 python3.11-venv
    python="$(find_python)"
fi
if ! "$python" -m venv --clear "$root/venv"; then  # Debian and Ubuntu keep this module apart
    apt-get update -qq
    apt-get install -qq --yes --no-install-recommends "$(basename "$python")-venv"
    "$python" -m venv --clear "$root/venv"
fi

pip=("$root/venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-cache-dir)
"${pip[@]}" --constraint "$source/constraints.txt" --no-deps ${index:+--index-url "$index"} torch torchvision
"${pip[@]}" --constraint "$source/constraints.txt" "$source"/gradcam_lab-*.whl
