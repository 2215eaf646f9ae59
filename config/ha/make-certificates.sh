#!/bin/sh
# An authority of this network's own, and a certificate for each server, once. In production mount your own in their place:
# ca.pem, and beside it server.pem and server.key for the names below.
set -eu
[ -e /tls/ca/ca.pem ] && exit 0
cd /tmp
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=Lockstep network' \
  -keyout ca.key -out ca.pem
certify() { # folder owner name...
  folder=/tls/$1 owner=$2
  shift 2
  rm -f server.*
  names=$(printf 'DNS:%s,' "$@")
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout server.key -out server.csr
  printf 'subjectAltName=%s\n' "${names%,}" >extensions
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile extensions -out server.pem
  chmod 400 server.key
  chmod 444 server.pem ca.pem
  cp -p server.key server.pem ca.pem "$folder/"
  chown "$owner" "$folder/server.key"
}
certify nats 1000 nats nats-2 nats-3
certify postgres 999 postgres postgres-standby
# Nobody can sign another: the authority's key is not kept.
rm ca.key
cp -p ca.pem /tls/ca/ca.pem
