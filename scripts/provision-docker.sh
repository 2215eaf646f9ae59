#!/usr/bin/env bash
# A Docker engine with compose, buildx and the base images of this project, on a Debian machine that has none of it.
#
#   scripts/provision-docker.sh        as root; repeating it is cheap
#
# 1. Engine: the one that answers; else Debian's docker.io is installed and dockerd started.
# 2. compose and buildx: what is there; else taken out of the first Debian suite that has them, without installing it.
# 3. Images (those the Dockerfile and docker-compose.yml name): present, else pulled, else, where no registry can be
#    reached, a stand-in is built from Debian's packages under the same tag. A stand-in imitates the public image's
#    interface, carries the label lockstep.stand-in, and says when it is built.
#
# Settings: PULL_SECONDS (how long one pull may take, 60), PROVISION_DIR (apt state, dockerd's log and pid).
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DIR=${PROVISION_DIR:-/var/lib/lockstep-docker}
PLUGINS=/usr/local/lib/docker/cli-plugins
CA=/etc/ssl/certs/ca-certificates.crt
ARCH=$(dpkg --print-architecture)
SUITE=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
SUITES="$SUITE trixie forky"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/provision.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

say() { printf '[docker] %4ss %s\n' "$SECONDS" "$*" >&2; }
die() { say "error: $*"; exit 1; }
quietly() { "$@" >"$WORK/out" 2>&1 || { tail -20 "$WORK/out" >&2; return 1; }; }

# ── Debian packages ──────────────────────────────────────────────────────────────────────────────────────────────────

install_packages() {
  say "installing $*"
  quietly apt-get -qq update || say 'apt-get update failed; using the lists at hand'
  # No service may start itself: the engine is started below, in one known way.
  local policy=/usr/sbin/policy-rc.d own=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && own=1; }
  local failed=
  quietly apt-get -qq install -y --no-install-recommends "$@" || failed=1
  [ -z "$own" ] || rm -f $policy
  [ -z "$failed" ] || die "apt could not install $*"
}

# The mirror that serves this machine's own suite.
mirror() {
  apt-get indextargets --format '$(SITE) $(RELEASE) $(CREATED_BY)' |
    awk -v suite="$SUITE" '$2 == suite && $3 == "Packages" && $1 ~ /^https?:/ && $1 !~ /security/ { print $1; exit }'
}

# Options with which apt reads one suite through a state of its own; the machine's sources are left alone.
apt_options() { # suite
  local state=$DIR/apt/$1
  APT=(-o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/nonexistent
    -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root
    -o Acquire::Languages=none)
  [ -e "$state/ready" ] && return
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $1 main" >"$state/sources.list"
  quietly apt-get -qq "${APT[@]}" update && touch "$state/ready"
}

# First suite that has a package in a version that matches.
suite_with() { # package version-regex
  local suite version
  for suite in $SUITES; do
    apt_options "$suite" || continue
    version=$(apt-cache "${APT[@]}" madison "$1" | awk -F' *[|] *' 'NR == 1 { print $2 }')
    if [[ $version =~ $2 ]]; then echo "$suite"; return; fi
  done
  die "no suite of ($SUITES) has $1 in a version like $2"
}

# Unpacks a package of a suite into a directory: nothing is installed, no maintainer script runs.
unpack() { # suite package directory
  local download=$WORK/download
  rm -rf "$download" && mkdir -p "$download" "$3"
  apt_options "$1"
  (cd "$download" && quietly apt-get -qq "${APT[@]}" download "$2") || die "could not download $2 of $1"
  dpkg-deb -x "$download"/*.deb "$3"
}

# ── engine and plugins ───────────────────────────────────────────────────────────────────────────────────────────────

answers() { docker version >/dev/null 2>&1; }

ensure_engine() {
  answers && return
  [ "$(id -u)" = 0 ] || die 'no engine answers, and only root can install one'
  command -v dockerd >/dev/null || install_packages docker.io iptables
  command -v docker >/dev/null || install_packages docker-cli
  answers && return
  if [ -d /run/systemd/system ] && systemctl start docker 2>/dev/null; then :; else start_dockerd; fi
  for _ in $(seq 240); do
    if answers; then say "engine $(docker version --format '{{.Server.Version}}') is up"; return; fi
    sleep 0.25
  done
  tail -20 "$DIR/dockerd.log" >&2 || true
  die 'the engine did not come up'
}

start_dockerd() {
  mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup || true
  # The pid file of an engine that died would keep a new one from starting.
  if [ -s /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then rm -f /var/run/docker.pid; fi
  # Containers must not send larger packets than the way out carries.
  local device mtu=1500
  device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  [ -r "/sys/class/net/$device/mtu" ] && mtu=$(cat "/sys/class/net/$device/mtu")
  setsid dockerd --mtu "$mtu" >"$DIR/dockerd.log" 2>&1 </dev/null &
  echo $! >"$DIR/dockerd.pid"
}

ensure_plugin() { # name package version-regex
  docker "$1" version >/dev/null 2>&1 && return
  local suite
  suite=$(suite_with "$2" "$3")
  unpack "$suite" "$2" "$WORK/plugin"
  install -D "$(find "$WORK/plugin" -type f -path "*/cli-plugins/docker-$1")" "$PLUGINS/docker-$1"
  docker "$1" version >/dev/null || die "docker $1 of $suite does not run here"
  say "docker $1 of $suite"
}

# ── images ───────────────────────────────────────────────────────────────────────────────────────────────────────────

# The images that the project's files name, but for its own and Grafana's, which no stand-in can be built of.
images() {
  grep -hoE '^(FROM|[[:space:]]+image:) +(node|postgres|nats|prom/prometheus):[^ ]+' "$ROOT/Dockerfile" "$ROOT/docker-compose.yml" |
    awk '{ print $2 }' | sort -u
}

# A minimal Debian as a tar file, finished by hooks of mmdebstrap (given the new root as $1).
debian_root() { # suite tar packages hook...
  local suite=$1 tar=$2 packages=$3 hook options=()
  shift 3
  for hook; do
    case $hook in
      before:*) options+=(--essential-hook="${hook#before:}") ;;
      *) options+=(--customize-hook="$hook") ;;
    esac
  done
  # What lets this machine's apt and TLS reach the mirror holds inside as well.
  if [ -r $CA ]; then options+=(--customize-hook="mkdir -p \$1/etc/ssl/certs && cp $CA \$1$CA"); fi
  while IFS= read -r hook; do options+=(--aptopt="$hook"); done < <(
    apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::)[^ ]* "..*"' | sed 's/;$//')
  quietly mmdebstrap --quiet --variant=minbase --arch="$ARCH" --include="ca-certificates,$packages" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt='force-unsafe-io' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' "${options[@]}" "$suite" "$tar" \
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" || die "no root of $suite"
}

# One layer from a tar file, and lines of a Dockerfile on top.
tar_image() { # tar image line...
  local tar=$1 image=$2 base
  base=lockstep-stand-in:$(basename "$WORK" | tr -dc 'a-zA-Z0-9')
  shift 2
  quietly docker import "$tar" "$base"
  rm -f "$tar"
  printf '%s\n' "FROM $base" "LABEL lockstep.stand-in=$image" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$@" |
    quietly docker build -t "$image" -
  docker rmi "$base" >/dev/null
}

# node and npm: this machine's own where the major version fits, else node from npm's package of binaries.
stand_in_node() { # image tag
  local major=${2%%[-.]*} to=$WORK/node cpu=x64
  [ "$ARCH" = arm64 ] && cpu=arm64
  mkdir -p "$to/bin" "$to/lib/node_modules"
  if [ "$(node -p 'process.versions.node.split(".")[0]')" = "$major" ]; then
    install "$(node -p process.execPath)" "$to/bin/node"
  else
    (cd "$WORK" && npm pack --silent "node-linux-$cpu@$major" >/dev/null) || die "npm has no node $major"
    tar -xzf "$WORK"/node-linux-"$cpu"-*.tgz -C "$WORK" package/bin/node
    install "$WORK/package/bin/node" "$to/bin/node"
  fi
  local npm
  npm=$(readlink -f "$(command -v npm)")
  cp -a "${npm%/bin/*}" "$to/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$to/bin/npm"
  debian_root bookworm "$WORK/node.tar" libstdc++6,libatomic1 \
    "mkdir -p \$1/usr/local && cp -a $to/. \$1/usr/local/ && chown -R 0:0 \$1/usr/local" \
    'chroot $1 groupadd --gid 1000 node && chroot $1 useradd --uid 1000 --gid node --create-home node'
  tar_image "$WORK/node.tar" "$1" 'CMD ["node"]' "ENV NODE_EXTRA_CA_CERTS=$CA"
}

stand_in_postgres() { # image tag
  local major=${2%%[-.]*} suite data=/var/lib/postgresql/data
  suite=$(suite_with "postgresql-$major" .)
  cat >"$WORK/entrypoint.sh" <<'ENTRYPOINT'
#!/bin/bash
# What the public image's entrypoint does for this project: makes the database once, then becomes the server.
set -euo pipefail
if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  POSTGRES_PASSWORD=${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}
  initdb --username="$POSTGRES_USER" --pwfile=<(echo "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  [ "$POSTGRES_DB" = postgres ] || createdb --username="$POSTGRES_USER" --maintenance-db=postgres "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sh; do [ ! -e "$script" ] || . "$script"; done
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
ENTRYPOINT
  chmod 755 "$WORK/entrypoint.sh"
  # uid, locale and data directory are the public image's; LLVM, for an optional JIT, is half of the size and left out.
  debian_root "$suite" "$WORK/postgres.tar" "postgresql-$major,locales" \
    'before:mkdir -p $1/etc/postgresql-common && echo "create_main_cluster = false" >$1/etc/postgresql-common/createcluster.conf' \
    'before:echo "postgres:x:999:999::/var/lib/postgresql:/bin/bash" >>$1/etc/passwd; echo "postgres:x:999:" >>$1/etc/group' \
    'chroot $1 localedef -i en_US -c -f UTF-8 en_US.UTF-8' \
    'rm -rf $1/usr/lib/postgresql/*/lib/llvmjit.so $1/usr/lib/*/libLLVM* $1/usr/lib/llvm-*' \
    "mkdir -p \$1$data \$1/docker-entrypoint-initdb.d && chroot \$1 chown -R postgres:postgres /var/lib/postgresql /var/run/postgresql" \
    "sed -i \"s/^#listen_addresses = .*/listen_addresses = '*'/\" \$1/usr/share/postgresql/$major/postgresql.conf.sample" \
    "install $WORK/entrypoint.sh \$1/usr/local/bin/docker-entrypoint.sh"
  tar_image "$WORK/postgres.tar" "$1" 'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["postgres"]' "ENV PGDATA=$data" \
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/$major/bin" \
    'ENV LANG=en_US.utf8' "VOLUME $data" 'STOPSIGNAL SIGINT'
}

# A root of a few programs, the libraries that they need, and busybox for a shell and wget, as a tar file.
small_root() { # tar program...
  local tar=$1 to=$WORK/root program library
  shift
  unpack "$SUITE" busybox-static "$WORK/busybox-package"
  rm -rf "$to" && mkdir -p "$to"/{bin,etc,tmp,usr/local/bin}
  for program; do
    install "$program" "$to/usr/local/bin"
    for library in $(ldd "$program" | grep -oE '/[^ ]+'); do install -D "$library" "$to$library"; done
  done
  install "$(find "$WORK/busybox-package" -type f -path '*bin/busybox' | head -1)" "$to/bin/busybox"
  (cd "$to/bin" && for applet in $(./busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$applet"; done)
  printf '%s\n' 'root:x:0:0:root:/:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/sh' >"$to/etc/passwd"
  echo 'hosts: files dns' >"$to/etc/nsswitch.conf"
  tar -C "$to" --owner=0 --group=0 -cf "$tar" .
}

# The newest nats-server of Debian.
stand_in_nats() { # image tag
  unpack "$(suite_with nats-server '^2\.1[2-9]|^2\.[2-9][0-9]')" nats-server "$WORK/nats"
  small_root "$WORK/nats.tar" "$WORK/nats/usr/sbin/nats-server"
  tar_image "$WORK/nats.tar" "$1" 'CMD ["nats-server"]' 'EXPOSE 4222 6222 8222'
  docker run --rm --network none "$1" sh -c 'nats-server --version && command -v wget' >/dev/null || die "$1 does not run"
}

# Prometheus and promtool of Debian; of the last long-term version before 3 where there is none newer.
stand_in_prometheus() { # image tag
  local suite package
  suite=$(suite_with promtool '^3|^2\.5[3-9]')
  for package in prometheus promtool; do unpack "$suite" $package "$WORK/prometheus"; done
  small_root "$WORK/prometheus.tar" "$WORK"/prometheus/usr/bin/{prometheus,promtool}
  tar_image "$WORK/prometheus.tar" "$1" 'RUN mkdir /prometheus && chown 65534:65534 /prometheus' 'USER nobody' \
    'WORKDIR /prometheus' 'VOLUME /prometheus' 'ENTRYPOINT ["prometheus"]' 'EXPOSE 9090'
  docker run --rm --network none --entrypoint promtool "$1" --version >/dev/null || die "$1 does not run"
}

ensure_image() { # image
  docker image inspect "$1" >/dev/null 2>&1 && return
  if timeout "${PULL_SECONDS:-60}" docker pull -q "$1" >/dev/null 2>&1; then say "$1: pulled"; return; fi
  [ "$(id -u)" = 0 ] || die "$1 cannot be pulled, and only root can build a stand-in"
  say "$1 cannot be pulled; building a stand-in"
  command -v mmdebstrap >/dev/null || install_packages mmdebstrap
  local name=${1%%:*}
  "stand_in_${name##*/}" "$1" "${1#*:}"
  say "$1: a stand-in"
}

[ "$(id -u)" != 0 ] || mkdir -p "$DIR"
ensure_engine
ensure_plugin compose docker-compose '^(2|[3-9])\.'
ensure_plugin buildx docker-buildx .
for image in $(images); do ensure_image "$image"; done
say 'ready'
