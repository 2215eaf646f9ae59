#!/bin/sh
# Run once by the primary's image when it has made its database: a standby may follow it, by TLS alone, and no commit is
# acknowledged before the standby has it on disk.
set -eu
sed -i 's/^host all all all/hostssl all all all/' "$PGDATA/pg_hba.conf"
echo 'hostssl replication lockstep_standby all scram-sha-256' >>"$PGDATA/pg_hba.conf"
echo "synchronous_standby_names = 'standby'" >>"$PGDATA/postgresql.conf"
psql --quiet --username lockstep --dbname lockstep --set ON_ERROR_STOP=1 \
  --set password="$(cat /secrets/replication-password)" <<'SQL'
CREATE ROLE lockstep_standby REPLICATION LOGIN PASSWORD :'password';
SQL
