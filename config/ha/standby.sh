#!/bin/sh
# Copies the primary once, then follows it as `standby` until it is promoted.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  chmod 700 "$PGDATA"
  PGPASSWORD=$(cat /secrets/replication-password) pg_basebackup --pgdata "$PGDATA" --write-recovery-conf --wal-method stream \
    --checkpoint fast --dbname \
    'host=postgres user=lockstep_standby application_name=standby sslmode=verify-full sslrootcert=/tls/ca.pem'
fi
exec postgres "$@"
