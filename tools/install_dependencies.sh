#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that Guideway is built and tested with, by name. Does nothing, and asks no network, when
# all are there. `--check` only names what is missing (exit code 1). Servers that this script brings (nginx, Redis,
# PostgreSQL ...) are not started: the tests start their own ones; those that were there before are left as they are.
set -eu

packages="
  build-essential meson ninja-build pkg-config
  libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross
  clang clang-19 clang-format clang-tidy lld llvm libclang-rt-14-dev
  libdpdk-dev dpdk dpdk-dev libbpf-dev bpftool libxdp-dev
  libnl-3-dev libnl-route-3-dev libpcap-dev
  libspdlog-dev libfmt-dev libtoml11-dev libexpected-dev libcli11-dev nlohmann-json3-dev libboost-dev libre2-dev
  libgoogle-perftools-dev
  prometheus-cpp-dev libsystemd-dev libssl-dev libnghttp2-dev
  libgtest-dev libbenchmark-dev
  python3 python3-numpy python3-scapy git
  nginx redis-server memcached prometheus python3-aiosmtpd
  postgresql mariadb-server-core rabbitmq-server dnsmasq-base etcd-server
  mariadb-client python3-pika bind9-dnsutils wrk
  iproute2 iputils-ping ethtool curl openssl tcpdump tshark procps strace systemd libfaketime util-linux
  zsh groff-base
"

missing=""
for package in $packages; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "${1:-}" = --check ]; then
  echo "missing packages:$missing"
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "missing packages:$missing; run as root: tools/install_dependencies.sh" >&2
  exit 1
fi

echo "installing:$missing"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
policy_is_ours=no
new_servers=""
finish() {
  [ "$policy_is_ours" = no ] || rm -f "$policy"
  rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT TERM
for server in nginx redis-server memcached prometheus postgresql rabbitmq-server; do
  case " $(echo $missing) " in *" $server "*) new_servers="$new_servers $server" ;; esac
done
# Whose services have other names than the package.
case " $(echo $missing) " in *" etcd-server "*) new_servers="$new_servers etcd" ;; esac
case " $(echo $missing) " in *" rabbitmq-server "*) new_servers="$new_servers epmd epmd.socket" ;; esac
if [ -n "$new_servers" ] && [ ! -e "$policy" ]; then
  policy_is_ours=yes
  printf '#!/bin/sh\ncase " %s " in *" $1 "*) exit 101 ;; esac\nexit 0\n' "$new_servers" >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
install() {
  # shellcheck disable=SC2086  # one word a package
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold $missing </dev/null >"$log" 2>&1
}
# The package lists of a fresh machine are empty or old: then they are fetched, once.
if ! install; then
  if ! apt-get update -q -o DPkg::Lock::Timeout=300 </dev/null >"$log" 2>&1 || ! install; then
    cat "$log" >&2
    echo "could not install:$missing" >&2
    exit 1
  fi
fi

# Without this they would start at the next boot and take their ports.
if [ -n "$new_servers" ] && command -v systemctl >/dev/null; then
  # shellcheck disable=SC2086  # one word a server
  systemctl disable $new_servers >/dev/null 2>&1 || true
fi
