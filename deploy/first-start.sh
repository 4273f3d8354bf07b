#!/bin/sh
# Makes the secrets of a first start in secrets/, each readable by its owner alone; what is there stays.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

fresh() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }

keep chartwright_secret "$(fresh)"
keep chartwright_store__master_key "$(fresh)"
keep trail_key "$(fresh)"
keep chartwright_llm__api_key "$(fresh)"
keep chartwright_qdrant__api_key "$(fresh)"
keep qdrant_config.yaml "service: {api_key: $(cat secrets/chartwright_qdrant__api_key)}"
keep postgres_password "$(fresh)"
keep chartwright_store__url "postgresql://chartwright:$(cat secrets/postgres_password)@postgres/chartwright"
[ -e chartwright.env ] || cp chartwright.env.example chartwright.env

# Each container reads its own files as its own user.
if [ "$(id -u)" = 0 ]; then
  chown 10001:10001 secrets/chartwright_* secrets/trail_key
  chown 999:999 secrets/postgres_password
  chown 1000:1000 secrets/qdrant_config.yaml
  chmod 0440 secrets/chartwright_llm__api_key && chown 10001:1000 secrets/chartwright_llm__api_key
else
  echo "Run this as root once, so that each container can read its own secrets and no other." >&2
fi
echo "secrets/ is complete. Keep a copy of chartwright_store__master_key and trail_key elsewhere: without them nothing stored can be read or proved."
