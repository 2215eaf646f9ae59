#!/usr/bin/env bash
# Puts the Postgres standby of docker-compose.ha.yml in the place of a lost primary. See docs/restore.md.
#
#   scripts/promote-standby.sh [docker compose options, such as -p PROJECT]
#
# Everything that was acknowledged is on the standby: the primary acknowledges no commit before the standby has it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
compose() { docker compose -f docker-compose.yml -f docker-compose.ha.yml "${options[@]}" "$@"; }
options=("$@")
standby_sql() {
  compose exec -T postgres-standby psql -h /var/run/postgresql -U lockstep -d lockstep -v ON_ERROR_STOP=1 -qtAc "$1"
}

# 1. The old primary is off and stays off: it must never again be reached under its name.
compose stop --timeout 10 postgres
compose rm --force postgres

# 2. The standby takes writes, on a timeline of its own, and waits for no standby of its own.
standby_sql 'SELECT pg_promote(wait_seconds => 60)' | grep -qx t
standby_sql "ALTER SYSTEM SET synchronous_standby_names = ''"
standby_sql 'SELECT pg_reload_conf()' >/dev/null

# 3. It is reached under the name by which everyone knows the primary (its certificate holds for both).
container=$(compose ps --quiet postgres-standby)
network=$(docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}' "$container")
docker network disconnect "$network" "$container"
docker network connect --alias postgres --alias postgres-standby "$network" "$container"

# 4. An operator says that the log goes on from here: the epoch rises above all that were. Without it nobody leads a
#    database that is not the one that was led last.
compose run --rm --no-deps -T operator restore --epoch-above "${EPOCH_ABOVE:-0}"
echo 'The standby is the primary. Sequencers connect to it by themselves.'
