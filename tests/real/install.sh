#!/usr/bin/env bash
# Installs the real neighbours that `make test-real` starts: vLLM in an environment of its own, a browser, and PostgreSQL.
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
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    echo "postgresql: installing Debian's package"
    if [ "$(id -u)" -ne 0 ]; then
        echo "PostgreSQL is missing; install it with the system's package manager (Debian: postgresql)." >&2
        exit 1
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
fi
