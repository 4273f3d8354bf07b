#!/usr/bin/env bash
# Installs the real neighbours that `make test-real` starts: vLLM in an environment of its own, and a browser.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

"$here/install_vllm.sh"
if ! command -v chromium >/dev/null; then
    echo "chromium: installing Debian's package"
    if [ "$(id -u)" -ne 0 ]; then
        echo "chromium is missing; install it with the system's package manager (Debian: chromium)." >&2
        exit 1
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi
